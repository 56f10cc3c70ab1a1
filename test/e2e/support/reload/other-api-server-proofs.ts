import { encrypts } from './api-server-proofs.ts';
import { egress, encryption, policyLine, tracing } from './files.ts';
import { asAdmin, newName, type Proof } from './proof.ts';
import { token } from './workshop.ts';
import type { World } from './world.ts';

const component = 'kube-apiserver';
const core = '/api/v1/namespaces/default';

/** What the second API server reads: flags that exclude those of the first. */
export function otherApiServerProofs(world: World): readonly Proof[] {
  return [...userProofs(world), ...webhookProofs(world), ...outsideProofs(world)];
}

function userProofs(world: World): readonly Proof[] {
  const { shop, otherWeb, ports } = world;
  const ofServer = asAdmin(world, ports.otherApi);
  const second = shop.leaf(shop.ca, { commonName: 'second' });
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: otherWeb.url, aud: 'proof', sub: 'tester', iat: now - 60, exp: now + 3600 };
  const bearer = (value: string) => ({ as: { crt: '', key: '' }, headers: { authorization: `Bearer ${value}` } });
  const idToken = token(claims, otherWeb.issuerKey);
  const isKnown = async (value: string) =>
    [200, 403].includes((await ofServer('GET', core, undefined, bearer(value))).status);
  return [
    {
      component,
      flags: ['--authorization-policy-file'],
      change: () => void shop.write('other-api/abac.jsonl', policyLine('first') + policyLine('second')),
      taken: async () => (await ofServer('GET', '/api/v1/nodes', undefined, { as: second })).status === 200,
    },
    {
      component,
      flags: ['--token-auth-file'],
      change: () => void shop.write('other-api/tokens.csv', 'first-token,first,1\nsecond-token,second,2\n'),
      taken: () => isKnown('second-token'),
    },
    {
      component,
      flags: ['--oidc-ca-file'],
      change: () => void shop.write('other-api/oidc-ca.crt', shop.bundle),
      taken: () => isKnown(idToken),
    },
  ];
}

function webhookProofs(world: World): readonly Proof[] {
  const { shop, web, ports } = world;
  const ofServer = asAdmin(world, ports.otherApi);
  const nobody = shop.leaf(shop.ca, { commonName: 'nobody' });
  const asked = (path: string) => web.seen.some((one) => one.path === path);
  return [
    {
      component,
      flags: ['--authorization-webhook-config-file'],
      change: () => void shop.kubeconfig('other-api/authz.conf', `${web.url}/authz-b`),
      taken: async () => {
        await ofServer('GET', `/api/v1/${newName('asked')}`, undefined, { as: nobody });
        return asked('/authz-b');
      },
    },
    {
      component,
      flags: ['--authentication-token-webhook-config-file'],
      change: () => void shop.kubeconfig('other-api/authn.conf', `${web.url}/authn-b`),
      taken: async () => {
        const headers = { authorization: `Bearer ${newName('token')}` };
        await ofServer('GET', core, undefined, { as: { crt: '', key: '' }, headers });
        return asked('/authn-b');
      },
    },
    {
      component,
      flags: ['--audit-webhook-config-file'],
      change: () => void shop.kubeconfig('other-api/audit.conf', `${web.url}/audit-b`),
      taken: async () => {
        await ofServer('GET', core);
        return asked('/audit-b');
      },
    },
  ];
}

function outsideProofs(world: World): readonly Proof[] {
  const { shop, doors, ports } = world;
  const ofServer = asAdmin(world, ports.otherApi);
  return [
    {
      component,
      flags: ['--egress-selector-config-file'],
      change: () => void shop.write('other-api/egress.yaml', egress(shop.path('egress.sock'))),
      taken: async () => {
        await ofServer('GET', `${core}/pods/on-first/log`);
        return doors.egress.count() > 0;
      },
    },
    {
      component,
      flags: ['--tracing-config-file'],
      change: () => void shop.write('other-api/tracing.yaml', tracing(doors.tracing.port)),
      taken: async () => {
        await ofServer('GET', core);
        return doors.tracing.count() > 0;
      },
    },
    {
      component,
      flags: ['--encryption-provider-config'],
      change: () => void shop.write('other-api/encryption.yaml', encryption(true)),
      taken: () => encrypts(world, ports.otherApi, '/other'),
    },
  ];
}
