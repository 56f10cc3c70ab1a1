import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { program } from '../../../components/locations.ts';
import { run } from '../command.ts';
import { admission, auditPolicy, authentication, authorization, encryption } from './files.ts';
import { asAdmin, newName, type Proof, servingProofs } from './proof.ts';
import { keyPem, publicPem, token } from './workshop.ts';
import type { World } from './world.ts';

const component = 'kube-apiserver';
const here = { commonName: 'here', sans: ['127.0.0.1', 'localhost'] };
const core = '/api/v1/namespaces/default';

/** What the first API server reads. */
export function firstApiServerProofs(world: World): readonly Proof[] {
  const { port, path } = { port: world.ports.api, path: '/api/v1/nodes' };
  return [
    ...servingProofs(world, { component, name: 'api', port, path }),
    ...clientProofs(world),
    ...etcdClientProofs(world),
    ...accountProofs(world),
    ...policyProofs(world),
  ];
}

/** Its certificates as a client of aggregated API servers and of kubelets. */
function clientProofs(world: World): readonly Proof[] {
  const { shop, web, ports } = world;
  const ofServer = asAdmin(world, ports.api);
  // Other API servers ask as well, without a certificate.
  const serialAt = (prefix: string) =>
    web.seen.findLast(({ path, serial }) => path.startsWith(prefix) && serial !== '')?.serial ?? '';
  const another = (prefix: string, trigger: string) => {
    let former = '';
    return async () => {
      const { text } = await ofServer('GET', trigger);
      const serial = serialAt(prefix);
      if (serial === '') throw new Error(`nobody came to ${prefix}: ${text}`);
      if (former === '') former = serial;
      return serial !== former;
    };
  };
  return [
    {
      component,
      flags: ['--proxy-client-cert-file', '--proxy-client-key-file'],
      change: () => void shop.pair('api/front', shop.ca, here),
      taken: another('/apis/proof.example/v1/', '/apis/proof.example/v1/things'),
    },
    {
      component,
      flags: ['--kubelet-client-certificate', '--kubelet-client-key'],
      change: () => void shop.pair('api/kubelet', shop.ca, here),
      taken: another('/containerLogs/', `${core}/pods/on-first/log`),
    },
  ];
}

function etcdClientProofs({ shop, events, templates, ...world }: World): readonly Proof[] {
  const ofServer = asAdmin({ shop, events, templates, ...world }, world.ports.api);
  let former = '';
  let before = 0;
  return [
    {
      component,
      flags: ['--etcd-certfile', '--etcd-keyfile'],
      change: () => void shop.pair('api/etcd', shop.ca, here),
      taken: async () => {
        events.cut();
        const { text } = await ofServer('GET', `${core}/events?timeout=2s`);
        const serial = events.serials.at(-1) ?? '';
        if (serial === '') throw new Error(`no client of etcd came: ${text}`);
        if (former === '') former = serial;
        return serial !== former;
      },
    },
    {
      component,
      flags: ['--etcd-cafile'],
      change: () => {
        shop.write('api/etcd-ca.crt', shop.bundle);
        templates.use(shop.leaf(shop.otherCa, here));
        templates.cut();
        before = templates.serials.length;
      },
      taken: async () => {
        await ofServer('GET', `${core}/podtemplates?timeout=2s`);
        return before > 0 && templates.serials.length > before;
      },
    },
  ];
}

function accountProofs(world: World): readonly Proof[] {
  const { shop, accountKeys, ports } = world;
  const ofServer = asAdmin(world, ports.api);
  const [first, second] = accountKeys;
  if (first === undefined || second === undefined) throw new Error('two keys are needed');
  let former = '';
  return [
    {
      component,
      flags: ['--service-account-key-file'],
      change: () => void shop.write('api/sa.pub', publicPem(first) + publicPem(second)),
      taken: async () =>
        (await ofServer('GET', '/openid/v1/jwks')).text.includes(
          `${createPublicKey(second).export({ format: 'jwk' }).x}`,
        ),
    },
    {
      component,
      flags: ['--service-account-signing-key-file'],
      change: () => void shop.write('api/sa.key', keyPem(second)),
      taken: async () => {
        const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
        const { text } = await ofServer('POST', `${core}/serviceaccounts/proof/token`, request);
        const kid = keyIdOf(/"token":\s*"([^"]+)"/.exec(text)?.[1]);
        if (kid === '') throw new Error(text);
        if (former === '') former = kid;
        return kid !== former;
      },
    },
  ];
}

/** The id of the key that signed a token. */
export function keyIdOf(jwt: string | undefined): string {
  const header = Buffer.from(jwt?.split('.')[0] ?? '', 'base64url').toString();
  return /"kid":\s*"([^"]+)"/.exec(header)?.[1] ?? '';
}

function policyProofs(world: World): readonly Proof[] {
  const { shop, web, ports } = world;
  const ofServer = asAdmin(world, ports.api);
  const nobody = shop.leaf(shop.ca, { commonName: 'nobody' });
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: web.url, aud: 'proof', sub: 'tester', iat: now - 60, exp: now + 3600 };
  const bearer = { authorization: `Bearer ${token(claims, web.issuerKey)}` };
  return [
    {
      component,
      flags: ['--authentication-config'],
      change: () => void shop.write('api/authentication.yaml', authentication(world, 'b:')),
      taken: async () => {
        const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
        const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
        const anonymous = { as: { crt: '', key: '' }, headers: bearer };
        return (await ofServer('POST', path, review, anonymous)).text.includes('b:tester');
      },
    },
    {
      component,
      flags: ['--authorization-config'],
      change: () => void shop.write('api/authorization.yaml', authorization(shop.path('api/authz-b.conf'))),
      taken: async () => {
        await ofServer('GET', `/api/v1/${newName('asked')}`, undefined, { as: nobody });
        return web.seen.some(({ path }) => path === '/authz-config-b');
      },
    },
    {
      component,
      flags: ['--admission-control-config-file'],
      change: () => void shop.write('api/admission.yaml', admission('baseline')),
      taken: async () => {
        const containers = [{ name: 'a', image: 'a', securityContext: { privileged: true } }];
        const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: newName('privileged') }, spec: { containers } };
        return (await ofServer('POST', `${core}/pods?dryRun=All`, pod)).status === 403;
      },
    },
    {
      component,
      flags: ['--audit-policy-file'],
      change: () => void shop.write('api/audit.yaml', auditPolicy('Metadata')),
      taken: async () => {
        await ofServer('GET', core);
        return readFileSync(shop.path('api/audit.log'), { encoding: 'utf8', flag: 'a+' }).length > 0;
      },
    },
    {
      component,
      flags: ['--encryption-provider-config'],
      startedWith: '--encryption-provider-config-automatic-reload',
      change: () => void shop.write('api/encryption.yaml', encryption(true)),
      taken: () => encrypts(world, ports.api, '/registry'),
    },
  ];
}

/** Whether a Secret that is made now is encrypted in etcd. */
export async function encrypts(world: World, port: number, prefix: string): Promise<boolean> {
  const { shop, ports } = world;
  const name = newName('secret');
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { a: 'b' } };
  await asAdmin(world, port)('POST', `${core}/secrets`, secret);
  const files = [
    '--cacert',
    shop.path('etcd/ca.crt'),
    '--cert',
    shop.path('api/etcd.crt'),
    '--key',
    shop.path('api/etcd.key'),
  ];
  const key = `${prefix}/secrets/default/${name}`;
  const got = await run(program('etcdctl'), [
    `--endpoints=https://127.0.0.1:${ports.etcd}`,
    ...files,
    'get',
    key,
    '--print-value-only',
  ]);
  return got.stdout.startsWith('k8s:enc:aescbc');
}
