import { ask } from './ask.ts';
import { secondEtcd } from './files.ts';
import type { Proof } from './proof.ts';
import { revocationList } from './revocation.ts';
import type { World } from './world.ts';

const component = 'etcd';
const here = { commonName: 'here', sans: ['127.0.0.1', 'localhost'] };

export function etcdProofs(world: World): readonly Proof[] {
  const { shop, ports } = world;
  return [
    ...doorProofs(world, { prefix: '', port: ports.etcd, pair: 'etcd/client', ca: 'etcd/ca.crt', list: 'etcd/crl' }),
    ...doorProofs(world, {
      ...{ prefix: 'peer-', port: ports.etcdPeer },
      ...{ pair: 'etcd/peer', ca: 'etcd/peer-ca.crt', list: 'etcd/peer-crl' },
    }),
    {
      component,
      flags: ['--config-file'],
      change: () => void shop.write('etcd2.yaml', secondEtcd(world, [ports.metrics, ports.moreMetrics])),
      taken: async () => {
        const answer = await fetch(`http://127.0.0.1:${ports.moreMetrics}/readyz`).catch(() => undefined);
        return answer?.ok === true;
      },
    },
  ];
}

type Side = {
  readonly prefix: '' | 'peer-';
  readonly port: number;
  readonly pair: string;
  readonly ca: string;
  readonly list: string;
};

/** etcd's door for clients, or the one for peers. */
function doorProofs({ shop }: World, { prefix, port, pair, ca, list }: Side): readonly Proof[] {
  const stranger = shop.leaf(shop.otherCa, { commonName: 'stranger' });
  const revoked = shop.leaf(shop.ca, { commonName: 'revoked' });
  const isOpen = async (as: typeof revoked) => (await ask({ port, path: '/version', as })).status !== 0;
  let former = '';
  return [
    {
      component,
      flags: [`--${prefix}cert-file`, `--${prefix}key-file`],
      change: () => void shop.pair(pair, shop.ca, here),
      taken: async () => {
        const { serial } = await ask({ port, path: '/version', as: shop.admin });
        if (former === '') former = serial;
        return serial !== '' && serial !== former;
      },
    },
    {
      component,
      flags: [prefix === '' ? '--client-crl-file' : '--peer-crl-file'],
      change: () => void shop.write(list, revocationList(shop, [revoked])),
      taken: async () => !(await isOpen(revoked)) && (await isOpen(shop.admin)),
    },
    {
      component,
      flags: [`--${prefix}trusted-ca-file`],
      change: () => void shop.write(ca, shop.bundle),
      taken: () => isOpen(stranger),
    },
  ];
}
