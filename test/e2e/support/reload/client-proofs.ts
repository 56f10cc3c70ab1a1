import { X509Certificate } from 'node:crypto';
import { keyIdOf } from './api-server-proofs.ts';
import { ask } from './ask.ts';
import { schedulerConfig } from './files.ts';
import { asAdmin, kubeconfigProofs, newName, type Proof, servingProofs } from './proof.ts';
import { openssl } from './revocation.ts';
import { keyPem, newKey } from './workshop.ts';
import type { World } from './world.ts';

const manager = 'kube-controller-manager';
const core = '/api/v1/namespaces/default';

export function controllerManagerProofs(world: World): readonly Proof[] {
  const { ports } = world;
  const signers: readonly (readonly [string, string, string])[] = [
    ['kubelet-serving', 'kubernetes.io/kubelet-serving', 'server auth'],
    ['kubelet-client', 'kubernetes.io/kube-apiserver-client-kubelet', 'client auth'],
    ['kube-apiserver-client', 'kubernetes.io/kube-apiserver-client', 'client auth'],
  ];
  return [
    ...servingProofs(world, { component: manager, name: 'manager', port: ports.manager, path: '/metrics' }),
    ...kubeconfigProofs(world, { component: manager, name: 'manager', port: ports.manager }),
    ...signers.map(([name, signerName, usage]) => {
      const [prefix, file] = [`--cluster-signing-${name}`, `manager/${name}`];
      return signingProof(world, { prefix, file, signerName, usage, port: ports.api });
    }),
    signingProof(world, {
      ...{ prefix: '--cluster-signing', file: 'other-manager/signing', usage: 'client auth', port: ports.otherApi },
      signerName: 'kubernetes.io/kube-apiserver-client',
    }),
    ...accountProofs(world),
  ];
}

type Signing = {
  readonly prefix: string;
  readonly file: string;
  readonly signerName: string;
  readonly usage: string;
  readonly port: number;
};

function signingProof(world: World, { prefix, file, signerName, usage, port }: Signing): Proof {
  const { shop } = world;
  return {
    component: manager,
    flags: [`${prefix}-cert-file`, `${prefix}-key-file`],
    change: () => {
      shop.write(`${file}.key`, keyPem(shop.otherCa.key));
      shop.write(`${file}.crt`, String(shop.otherCa.certificate));
    },
    taken: async () => {
      const issued = await signedCertificate(world, { signerName, usage, port });
      return issued?.verify(shop.otherCa.certificate.publicKey) ?? false;
    },
  };
}

/** What the signer makes of a new request that is approved; undefined when nothing came within a second. */
async function signedCertificate(
  world: World,
  { signerName, usage, port }: Pick<Signing, 'signerName' | 'usage' | 'port'>,
): Promise<X509Certificate | undefined> {
  const ofServer = asAdmin(world, port);
  const name = newName('request');
  const path = `/apis/certificates.k8s.io/v1/certificatesigningrequests/${name}`;
  const type = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest' };
  const spec = { signerName, usages: ['digital signature', usage], request: requestPem(world, usage) };
  const made = await ofServer('POST', path.replace(/\/[^/]*$/, ''), { ...type, metadata: { name }, spec });
  if (made.status !== 201) throw new Error(made.text);
  const conditions = [{ type: 'Approved', status: 'True', reason: 'Proof', message: 'proof' }];
  const object = JSON.parse(made.text) as Readonly<Record<string, unknown>>;
  const approved = await ofServer('PUT', `${path}/approval`, { ...object, status: { conditions } });
  if (approved.status !== 200) throw new Error(approved.text);
  for (let round = 0; round < 10; round++) {
    const { text } = await ofServer('GET', path);
    const { status } = JSON.parse(text) as { readonly status?: { readonly certificate?: string } };
    if (status?.certificate !== undefined) return new X509Certificate(Buffer.from(status.certificate, 'base64'));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return undefined;
}

function requestPem({ shop }: World, usage: string): string {
  const key = shop.write('request.key', keyPem(newKey()));
  const names = usage === 'server auth' ? ['-addext', 'subjectAltName=DNS:proof'] : [];
  const args = ['req', '-new', '-key', key, '-subj', '/O=system:nodes/CN=system:node:proof', ...names];
  return openssl(args).toString('base64');
}

function accountProofs(world: World): readonly Proof[] {
  const { shop, ports, accountKeys } = world;
  const ofServer = asAdmin(world, ports.api);
  let former = '';
  return [
    {
      component: manager,
      flags: ['--root-ca-file'],
      change: () => void shop.write('manager/root-ca.crt', shop.bundle),
      taken: async () => {
        const { text } = await ofServer('GET', `${core}/configmaps/kube-root-ca.crt`);
        return text.split('BEGIN CERTIFICATE').length === 3;
      },
    },
    {
      component: manager,
      flags: ['--service-account-private-key-file'],
      change: () => void shop.write('manager/sa.key', keyPem(accountKeys[1] ?? newKey())),
      taken: async () => {
        const kid = keyIdOf(await legacyToken(world));
        if (former === '') former = kid;
        return kid !== '' && kid !== former;
      },
    },
  ];
}

async function legacyToken(world: World): Promise<string | undefined> {
  const ofServer = asAdmin(world, world.ports.api);
  const name = newName('token');
  const metadata = { name, annotations: { 'kubernetes.io/service-account.name': 'proof' } };
  const type = 'kubernetes.io/service-account-token';
  await ofServer('POST', `${core}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata, type });
  for (let round = 0; round < 10; round++) {
    const { text } = await ofServer('GET', `${core}/secrets/${name}`);
    const token = (JSON.parse(text) as { readonly data?: { readonly token?: string } }).data?.token;
    if (token !== undefined) return Buffer.from(token, 'base64').toString();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return undefined;
}

export function schedulerProofs(world: World): readonly Proof[] {
  const { shop, ports } = world;
  const component = 'kube-scheduler';
  return [
    ...servingProofs(world, { component, name: 'scheduler', port: ports.scheduler, path: '/metrics' }),
    ...kubeconfigProofs(world, { component, name: 'scheduler', port: ports.scheduler }),
    {
      component,
      flags: ['--config'],
      change: () =>
        void shop.write('other-scheduler/config.yaml', schedulerConfig(shop.path('other-scheduler/kubeconfig'), 8)),
      taken: async () => {
        const { text } = await ask({ port: ports.otherScheduler, path: '/configz', as: shop.admin });
        return /"parallelism":8\b/i.test(text);
      },
    },
  ];
}
