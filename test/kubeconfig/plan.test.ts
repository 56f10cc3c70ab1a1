import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { errorsOf, renderFinding } from '../../src/base/diagnostics.ts';
import { buildKubeconfig, parseKubeconfig } from '../../src/kubeconfig/kubeconfig.ts';
import type { KubeconfigPlan } from '../../src/kubeconfig/plan.ts';
import { planPki } from '../../src/phases/pki.ts';
import { createKeySource, privateKeyPem } from '../../src/pki/keys.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { MemoryHost } from '../fakes/memory-host.ts';
import { aCa, aLeaf, anEcdsaConfig, makePki, pkiContext } from '../fakes/pki-context.ts';

const admin = '/etc/kubernetes/admin.conf';
const newKey = () => createKeySource('ECDSA-P256', 1).next();

async function aMadePki(): Promise<MemoryHost> {
  const host = new MemoryHost();
  await makePki(pkiContext(host));
  return host;
}

async function planned(host: MemoryHost, given: Parameters<typeof pkiContext>[1] = {}): Promise<KubeconfigPlan> {
  const { kubeconfigs } = await planPki(pkiContext(host, given));
  assert.ok(kubeconfigs);
  return kubeconfigs;
}

test('who each kubeconfig is, and where it points', async () => {
  const host = new MemoryHost();
  await makePki(pkiContext(host, { config: anEcdsaConfig({ controlPlaneEndpoint: 'api.example.com:443' }) }));
  const of = (name: string) => {
    const { server, clientCertificate = '' } = parseKubeconfig(host.text(`/etc/kubernetes/${name}.conf`) ?? '');
    return [server, new X509Certificate(clientCertificate).subject];
  };
  const [everywhere, here] = ['https://api.example.com:443', 'https://192.0.2.10:6443'];
  assert.deepEqual(of('admin'), [everywhere, 'O=kubeadm:cluster-admins\nCN=kubernetes-admin']);
  assert.deepEqual(of('super-admin'), [everywhere, 'O=system:masters\nCN=kubernetes-super-admin']);
  assert.deepEqual(of('kubelet'), [here, 'O=system:nodes\nCN=system:node:node1']);
  assert.deepEqual(of('controller-manager'), [here, 'CN=system:kube-controller-manager']);
  assert.deepEqual(of('scheduler'), [here, 'CN=system:kube-scheduler']);
});

test('its client certificate begins when its CA does, which is earlier than the clock less five minutes', async () => {
  const host = await aMadePki();
  await host.remove(admin);
  const clock = new FakeClock(Date.UTC(2026, 5, 1));
  await makePki(pkiContext(host, { clock }));
  const client = new X509Certificate(parseKubeconfig(host.text(admin) ?? '').clientCertificate ?? '');
  const ca = new X509Certificate(host.text('/etc/kubernetes/pki/ca.crt') ?? '');
  assert.equal(client.validFromDate.getTime(), ca.validFromDate.getTime());
  assert.equal(client.validToDate.getTime(), clock.now() + 365 * 86_400_000);
});

test('one that is there and trusts our CA is kept', async () => {
  const { items, findings } = await planned(await aMadePki());
  assert.deepEqual(findings, []);
  assert.ok(items.every(({ action, because }) => action === 'keep' && because === 'valid until 2027-01-01, 365 d'));
});

test('one that points elsewhere is kept with a warning that names both servers', async () => {
  const host = await aMadePki();
  const config = anEcdsaConfig({ controlPlaneEndpoint: 'api.example.com' });
  // The certificate of the API server does not know that name; here only the kubeconfigs matter.
  const { items, findings } = await planned(host, { config });
  assert.ok(items.every(({ action }) => action === 'keep'));
  assert.deepEqual(
    findings.map(({ severity, file, message }) => `${severity} ${file} ${message}`),
    ['admin', 'super-admin'].map(
      (name) =>
        `warning /etc/kubernetes/${name}.conf points at https://192.0.2.10:6443, not at https://api.example.com:6443`,
    ),
  );
});

test('one that trusts another CA is refused with the way out', async () => {
  const host = await aMadePki();
  const other = await aMadePki();
  host.seed(admin, other.text(admin) ?? '', 0o600);
  const { items, findings } = await planned(host);
  assert.deepEqual(errorsOf(findings).map(renderFinding), [
    `${admin}: error: does not trust the CA in /etc/kubernetes/pki/ca.crt (delete ${admin} and run \`bootstrap init phase kubeconfig admin\`)`,
  ]);
  assert.ok(items.every(({ name }) => name !== 'admin'));
});

test('one from an earlier cluster is found before a new CA is made', async () => {
  const host = new MemoryHost();
  host.seed(admin, (await aMadePki()).text(admin) ?? '', 0o600);
  const { findings } = await planned(host);
  assert.deepEqual(
    findings.map(({ message }) => message),
    ['is there, but /etc/kubernetes/pki/ca.crt is not'],
  );
});

test('one that only names the file of the CA is kept', async () => {
  const host = await aMadePki();
  const text = (host.text(admin) ?? '').replace(/certificate-authority-data: .*/, 'certificate-authority: pki/ca.crt');
  host.seed(admin, text, 0o600);
  assert.deepEqual((await planned(host)).findings, []);
});

test('broken ones are all named at once, without what is in them', async () => {
  const host = await aMadePki();
  host.seed(admin, 'scrambled: [secret', 0o600);
  host.seed('/etc/kubernetes/scheduler.conf', 'kind: Config', 0o600);
  const { findings } = await planned(host);
  assert.deepEqual(
    findings.map(({ file, message }) => `${file} ${message}`),
    [`${admin} not valid YAML at line 1`, '/etc/kubernetes/scheduler.conf has no current-context'],
  );
});

test('a client certificate that cannot work is said, as kubeadm does not', async () => {
  const host = await aMadePki();
  const ca = host.text('/etc/kubernetes/pki/ca.crt') ?? '';
  const key = await newKey();
  const leaf = aLeaf(aCa('other', await newKey()), key, { notAfterMs: Date.UTC(2025, 11, 22) });
  const credentials = { clientCertificate: String(leaf), clientKey: privateKeyPem(await newKey()) };
  const server = 'https://192.0.2.10:6443';
  host.seed(admin, buildKubeconfig({ clusterName: 'kubernetes', user: 'x', server, ca, credentials }), 0o644);
  const { items, findings } = await planned(host);
  assert.equal(items[0]?.action, 'keep');
  assert.deepEqual(
    findings.map(({ severity, message }) => `${severity} ${message}`),
    [
      'warning has mode 0644, others may read it',
      'warning its client-key-data is not the key of its client-certificate-data',
      'warning its client certificate expired on 2025-12-22, 10 d ago',
      'warning its client certificate is not signed by the CA in /etc/kubernetes/pki/ca.crt',
    ],
  );
});

test('without the key of the CA all kubeconfigs must be supplied, and all that are missing are named', async () => {
  const host = await aMadePki();
  await host.remove('/etc/kubernetes/pki/ca.key');
  assert.deepEqual((await planned(host)).findings, []);
  await host.remove(admin);
  await host.remove('/etc/kubernetes/kubelet.conf');
  assert.deepEqual(
    (await planned(host)).findings.map(({ severity, file }) => `${severity} ${file}`),
    [`error ${admin}`, 'error /etc/kubernetes/kubelet.conf'],
  );
});

test('trusts every certificate of a ca.crt that holds several, as while CAs are rotated', async () => {
  const host = await aMadePki();
  const next = aCa('kubernetes', await newKey()).certificate;
  host.seed('/etc/kubernetes/pki/ca.crt', `${host.text('/etc/kubernetes/pki/ca.crt')}${next}`);
  await host.remove(admin);
  await makePki(pkiContext(host));
  assert.equal(parseKubeconfig(host.text(admin) ?? '').ca, host.text('/etc/kubernetes/pki/ca.crt'));
});
