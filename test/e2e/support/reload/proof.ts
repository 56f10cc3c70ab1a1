import type { ComponentName } from '../../../../src/manifests/component.ts';
import { type Answer, ask, type Question } from './ask.ts';
import type { Leaf } from './workshop.ts';
import type { World } from './world.ts';

/** How the real program is asked whether it has taken up the new form of the files of these flags. */
export type Proof = {
  readonly component: ComponentName;
  readonly flags: readonly string[];
  /** A flag of the row's `liveWith` that this program was started with. */
  readonly startedWith?: string;
  readonly change: () => void;
  readonly taken: () => Promise<boolean>;
};

/** Asks an API server as an admin, with a JSON body. */
export function asAdmin(world: World, port: number) {
  return (method: string, path: string, body?: unknown, more: Partial<Question> = {}): Promise<Answer> =>
    ask({ port, path, method, ...(body === undefined ? {} : { body }), as: world.shop.admin, ...more });
}

let names = 0;
/** A name that was never given before. */
export function newName(prefix: string): string {
  names += 1;
  return `${prefix}-${names}`;
}

const here = { commonName: 'here', sans: ['127.0.0.1', 'localhost'] };

/** What client-go's dynamic certificates serve: certificate, SNI, client CAs. `path` is open to admins alone. */
export function servingProofs(
  world: World,
  {
    component,
    name,
    port,
    path,
  }: { readonly component: ComponentName; readonly name: string; readonly port: number; readonly path: string },
): readonly Proof[] {
  const { shop } = world;
  const former = { tls: '', sni: '' };
  const served = async (which: 'tls' | 'sni', serverName: string) => {
    const { serial } = await ask({ port, path: '/healthz', serverName });
    if (former[which] === '') former[which] = serial;
    return serial !== '' && serial !== former[which];
  };
  const other = shop.leaf(shop.otherCa, { commonName: 'other-admin', organizations: ['system:masters'] });
  const front = shop.leaf(shop.otherCa, { commonName: 'front-proxy-client' });
  const onBehalf = { 'x-remote-user': 'somebody', 'x-remote-group': 'system:masters' };
  const opens = async (as: Leaf, headers = {}) => (await ask({ port, path, as, headers })).status === 200;
  return [
    {
      component,
      flags: ['--tls-cert-file', '--tls-private-key-file'],
      change: () => void shop.pair(`${name}/tls`, shop.ca, here),
      taken: () => served('tls', ''),
    },
    {
      component,
      flags: ['--tls-sni-cert-key'],
      change: () => void shop.pair(`${name}/sni`, shop.ca, { commonName: 'sni.example', sans: ['sni.example'] }),
      taken: () => served('sni', 'sni.example'),
    },
    {
      component,
      flags: ['--client-ca-file'],
      change: () => void shop.write(`${name}/client-ca.crt`, shop.bundle),
      taken: () => opens(other),
    },
    {
      component,
      flags: ['--requestheader-client-ca-file'],
      change: () => void shop.write(`${name}/front-ca.crt`, shop.bundle),
      taken: () => opens(front, onBehalf),
    },
  ];
}

/** The three kubeconfigs of a client of the API server: another server shows who reads them when. */
export function kubeconfigProofs(
  world: World,
  {
    component,
    name,
    port,
  }: { readonly component: ComponentName; readonly name: 'manager' | 'scheduler'; readonly port: number },
): readonly Proof[] {
  const { shop, doors } = world;
  const somebody = shop.leaf(shop.ca, { commonName: 'somebody' });
  const uses = [
    ['kubeconfig', name],
    ['authentication-kubeconfig', `${name}Authentication`],
    ['authorization-kubeconfig', `${name}Authorization`],
  ] as const;
  return uses.map(([use, door]) => ({
    component,
    flags: [`--${use}`],
    change: () => void shop.kubeconfig(`${name}/${use}`, `https://127.0.0.1:${doors[door].port}`),
    taken: async () => {
      // A token is asked about through the one, what somebody may through the other.
      await ask({ port, path: '/metrics', headers: { authorization: `Bearer ${newName('token')}` } });
      await ask({ port, path: `/${newName('path')}`, as: somebody });
      return doors[door].count() > 0;
    },
  }));
}
