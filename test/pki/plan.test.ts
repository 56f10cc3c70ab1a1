import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { errorsOf, renderFinding } from '../../src/base/diagnostics.ts';
import type { Config } from '../../src/config/types.ts';
import { planCerts } from '../../src/phases/certs.ts';
import { createKeySource, privateKeyPem } from '../../src/pki/keys.ts';
import type { CertificatePlan } from '../../src/pki/plan.ts';
import { issueCertificate } from '../../src/pki/x509.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { MemoryHost } from '../fakes/memory-host.ts';
import { aCa, aLeaf, anEcdsaConfig, makePki, pkiContext } from '../fakes/pki-context.ts';

const pki = '/etc/kubernetes/pki';
const newKey = () => createKeySource('ECDSA-P256', 1).next();

async function aMadePki(config: Config = anEcdsaConfig()): Promise<MemoryHost> {
  const host = new MemoryHost();
  await makePki(pkiContext(host, { config }));
  return host;
}

function actions(plan: CertificatePlan): string {
  return plan.items.map(({ file, action }) => `${action} ${file}`).join(', ');
}

function errors(plan: CertificatePlan): readonly string[] {
  return errorsOf(plan.findings).map(renderFinding);
}

test('makes everything where nothing is there', async () => {
  const plan = await planCerts(pkiContext(new MemoryHost()));
  assert.deepEqual(plan.findings, []);
  assert.equal(plan.items.length, 11);
  assert.ok(plan.items.every(({ action, because }) => action === 'create' && because === 'not there'));
});

test('keeps everything that is right and says until when it is valid', async () => {
  const plan = await planCerts(pkiContext(await aMadePki()));
  assert.deepEqual(plan.findings, []);
  assert.ok(plan.items.every(({ action }) => action === 'keep'));
  assert.equal(plan.items.find(({ name }) => name === 'apiserver')?.because, 'valid until 2027-01-01, 365 d');
});

test('leaves out what belongs to an etcd of ours when etcd is external', async () => {
  const external = { endpoints: ['https://192.0.2.50:2379'], httpEndpoints: [], caFile: '', certFile: '', keyFile: '' };
  const plan = await planCerts(pkiContext(new MemoryHost(), { config: anEcdsaConfig({ etcd: { external } }) }));
  assert.deepEqual(
    plan.items.map(({ name }) => name),
    ['ca', 'apiserver', 'apiserver-kubelet-client', 'front-proxy-ca', 'front-proxy-client', 'sa'],
  );
});

test('names the file, the missing names and the way out when a certificate is not valid for a wanted name', async () => {
  const host = await aMadePki();
  const { apiServer } = anEcdsaConfig().cluster;
  const config = anEcdsaConfig({ apiServer: { ...apiServer, certSANs: ['api.example.com', '198.51.100.7'] } });
  const plan = await planCerts(pkiContext(host, { config }));
  assert.deepEqual(errors(plan), [
    `${pki}/apiserver.crt: error: is not valid for api.example.com, 198.51.100.7 (delete ${pki}/apiserver.crt and ` +
      `${pki}/apiserver.key and run \`bootstrap init phase certs apiserver\`)`,
  ]);
});

test('takes a wildcard in the certificate for the names that it covers, also for itself', async () => {
  const { apiServer } = anEcdsaConfig().cluster;
  const host = await aMadePki(anEcdsaConfig({ apiServer: { ...apiServer, certSANs: ['*.example.com'] } }));
  const certSANs = ['api.example.com', '*.example.com'];
  const plan = await planCerts(pkiContext(host, { config: anEcdsaConfig({ apiServer: { ...apiServer, certSANs } }) }));
  assert.deepEqual(errors(plan), []);
});

test('refuses a leaf that another CA signed, and the CA that the user put there is not doubted', async () => {
  const host = await aMadePki();
  const ca = aCa('somebody else', await newKey());
  host.seed(`${pki}/ca.crt`, String(ca.certificate));
  host.seed(`${pki}/ca.key`, privateKeyPem(ca.key), 0o600);
  const plan = await planCerts(pkiContext(host));
  assert.deepEqual(
    errorsOf(plan.findings).map(({ file, message }) => `${file} ${message}`),
    ['apiserver', 'apiserver-kubelet-client'].map(
      (name) => `${pki}/${name}.crt is not signed by the CA in ${pki}/ca.crt`,
    ),
  );
  assert.equal(plan.items.find(({ name }) => name === 'ca')?.action, 'keep');
});

test('makes the leaves with a CA that the user supplied', async () => {
  const ca = aCa('corporate', await newKey());
  const host = new MemoryHost({ [`${pki}/ca.crt`]: String(ca.certificate) });
  host.seed(`${pki}/ca.key`, privateKeyPem(ca.key), 0o600);
  await makePki(pkiContext(host));
  const apiserver = new X509Certificate(host.text(`${pki}/apiserver.crt`) ?? '');
  assert.ok(apiserver.checkIssued(ca.certificate) && apiserver.verify(ca.certificate.publicKey));
});

test('accepts a leaf whose chain leads over an intermediate to the CA', async () => {
  const host = await aMadePki();
  const root = aCa('root', await newKey());
  const middleKey = await newKey();
  const middle = { key: middleKey, certificate: aCaOf(root, middleKey) };
  const key = await newKey();
  const leaf = aLeaf(middle, key);
  host.seed(`${pki}/front-proxy-ca.crt`, String(root.certificate));
  host.seed(`${pki}/front-proxy-ca.key`, privateKeyPem(root.key), 0o600);
  host.seed(`${pki}/front-proxy-client.crt`, `${leaf}${middle.certificate}`);
  host.seed(`${pki}/front-proxy-client.key`, privateKeyPem(key), 0o600);
  assert.deepEqual((await planCerts(pkiContext(host))).findings, []);
  host.seed(`${pki}/front-proxy-client.crt`, String(leaf));
  assert.equal(errors(await planCerts(pkiContext(host))).length, 1);
});

test('an expired certificate is kept with a warning, as kubeadm does', async () => {
  const host = await aMadePki();
  const clock = new FakeClock(Date.UTC(2027, 0, 11));
  const plan = await planCerts(pkiContext(host, { clock }));
  assert.deepEqual(errors(plan), []);
  const item = plan.items.find(({ name }) => name === 'apiserver');
  assert.deepEqual([item?.action, item?.because], ['keep', 'expired on 2027-01-01, 10 d ago']);
  assert.ok(plan.findings.some(({ message }) => message === 'expired on 2027-01-01, 10 d ago'));
});

test('a certificate that is not valid yet is named with the clock', async () => {
  const host = await aMadePki();
  const plan = await planCerts(pkiContext(host, { clock: new FakeClock(Date.UTC(2025, 11, 31)) }));
  const finding = plan.findings.find(({ file }) => file === `${pki}/ca.crt`);
  assert.equal(finding?.severity, 'warning');
  assert.match(finding?.message ?? '', /^is not valid before 2025-12-31T23:55:00.000Z; the clock says 2025-12-31T00/);
});

test('finds everything that is wrong at once', async () => {
  const host = await aMadePki();
  host.seed(`${pki}/apiserver.crt`, 'scrambled');
  host.seed(
    `${pki}/front-proxy-client.key`,
    '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n',
    0o600,
  );
  host.seed(`${pki}/etcd/server.key`, privateKeyPem(await newKey()), 0o600);
  host.seed(`${pki}/sa.pub`, 'scrambled');
  await host.remove(`${pki}/etcd/peer.key`);
  host.seed(`${pki}/apiserver-kubelet-client.crt`, host.text(`${pki}/etcd/healthcheck-client.crt`) ?? '');
  const plan = await planCerts(pkiContext(host));
  assert.deepEqual(
    errorsOf(plan.findings).map(({ file, message }) => `${file?.slice(pki.length + 1)} ${message}`),
    [
      'apiserver.crt holds no readable PEM certificate',
      `apiserver-kubelet-client.key is not the key of ${pki}/apiserver-kubelet-client.crt`,
      `apiserver-kubelet-client.crt is not signed by the CA in ${pki}/ca.crt`,
      'front-proxy-client.key holds no readable RSA or ECDSA private key in PEM form',
      `etcd/server.key is not the key of ${pki}/etcd/server.crt`,
      `etcd/peer.crt is there without its key ${pki}/etcd/peer.key`,
      'sa.pub holds no readable public key',
    ],
  );
});

test('never shows what is in a key file', async () => {
  const host = await aMadePki();
  const secret = (host.text(`${pki}/apiserver.key`) ?? '').split('\n')[1] ?? '';
  host.seed(`${pki}/apiserver.key`, `-----BEGIN EC PRIVATE KEY-----\n${secret}\n-----END EC PRIVATE KEY-----\n`, 0o600);
  const text = JSON.stringify(await planCerts(pkiContext(host)).then(({ findings }) => findings));
  assert.match(text, /apiserver\.key/);
  assert.ok(!text.includes(secret));
});

test('a key that others may read is a warning with the command that closes it', async () => {
  const host = await aMadePki();
  await host.setMode(`${pki}/ca.key`, 0o644);
  const { findings } = await planCerts(pkiContext(host));
  assert.deepEqual(findings.map(renderFinding), [
    `${pki}/ca.key: warning: has mode 0644, others may read it (chmod 600 ${pki}/ca.key)`,
  ]);
});

test('a ca.crt that is no CA is refused', async () => {
  const host = await aMadePki();
  host.seed(`${pki}/ca.crt`, host.text(`${pki}/apiserver.crt`) ?? '');
  host.seed(`${pki}/ca.key`, host.text(`${pki}/apiserver.key`) ?? '', 0o600);
  assert.match(errors(await planCerts(pkiContext(host))).join(), /ca\.crt: error: is not the certificate of a CA/);
});

test('ca.crt without ca.key: certificates must be supplied, and all that are missing are named', async () => {
  const host = await aMadePki();
  for (const gone of ['ca.key', 'apiserver.crt', 'apiserver.key', 'apiserver-kubelet-client.crt']) {
    await host.remove(`${pki}/${gone}`);
  }
  const plan = await planCerts(pkiContext(host));
  assert.deepEqual(
    errorsOf(plan.findings).map(({ file }) => file),
    [`${pki}/apiserver.crt`, `${pki}/apiserver-kubelet-client.crt`],
  );
  assert.match(plan.findings[0]?.hint ?? '', /^supply .*apiserver\.crt and .*apiserver\.key, or the CA's key$/);
});

test('ca.crt without ca.key and with all certificates: everything is kept', async () => {
  const host = await aMadePki();
  await host.remove(`${pki}/ca.key`);
  const plan = await planCerts(pkiContext(host));
  assert.deepEqual(plan.findings, []);
  assert.ok(plan.items.every(({ action }) => action === 'keep'));
  assert.match(plan.items[0]?.because ?? '', /^external CA, ca\.key is not here; valid until/);
});

test('leaves without their CA are refused instead of getting a new one beside them', async () => {
  const host = await aMadePki();
  await host.remove(`${pki}/ca.crt`);
  await host.remove(`${pki}/ca.key`);
  const plan = await planCerts(pkiContext(host));
  assert.deepEqual(
    errorsOf(plan.findings).map(({ file }) => file),
    [`${pki}/apiserver.crt`, `${pki}/apiserver-kubelet-client.crt`],
  );
});

test('ca.key without ca.crt gets its certificate again, and what it signed stays valid', async () => {
  const host = await aMadePki();
  await host.remove(`${pki}/ca.crt`);
  const key = host.text(`${pki}/ca.key`);
  const plan = await planCerts(pkiContext(host));
  assert.deepEqual(plan.findings, []);
  assert.match(actions(plan), /^create ca\.crt, keep apiserver\.crt/);
  await host.remove('/etc/kubernetes/admin.conf');
  for (const name of ['super-admin', 'kubelet', 'controller-manager', 'scheduler']) {
    await host.remove(`/etc/kubernetes/${name}.conf`);
  }
  await makePki(pkiContext(host));
  assert.equal(host.text(`${pki}/ca.key`), key);
  assert.ok((await planCerts(pkiContext(host))).items.every(({ action }) => action === 'keep'));
});

test('a single certificate is planned alone, and refused without its CA', async () => {
  const alone = await planCerts(pkiContext(new MemoryHost()), ['apiserver']);
  assert.deepEqual(errors(alone), [
    `${pki}/apiserver.crt: error: cannot be made: ${pki}/ca.crt is not there (run \`bootstrap init phase certs ca\` first)`,
  ]);
  const host = await aMadePki();
  await host.remove(`${pki}/apiserver.crt`);
  await host.remove(`${pki}/apiserver.key`);
  assert.equal(actions(await planCerts(pkiContext(host), ['apiserver'])), 'create apiserver.crt');
});

test('sa.pub without sa.key is refused, sa.key without sa.pub gets it', async () => {
  const host = await aMadePki();
  const pub = host.text(`${pki}/sa.pub`);
  await host.remove(`${pki}/sa.pub`);
  assert.equal(actions(await planCerts(pkiContext(host), ['sa'])), 'create sa.key');
  await makePki(pkiContext(host));
  assert.equal(host.text(`${pki}/sa.pub`), pub);
  await host.remove(`${pki}/sa.key`);
  assert.match(errors(await planCerts(pkiContext(host), ['sa'])).join(), /sa\.pub: error: is there without .*sa\.key/);
});

test('sa.pub may hold further keys beside that of sa.key, as while they are rotated', async () => {
  const host = await aMadePki();
  const other = await aMadePki();
  host.seed(`${pki}/sa.pub`, `${other.text(`${pki}/sa.pub`)}${host.text(`${pki}/sa.pub`)}`);
  assert.deepEqual((await planCerts(pkiContext(host))).findings, []);
  host.seed(`${pki}/sa.pub`, other.text(`${pki}/sa.pub`) ?? '');
  assert.match(errors(await planCerts(pkiContext(host))).join(), /sa\.pub: error: is not the public key of/);
});

test('a file that cannot be read is a finding, not the end', async () => {
  const host = await aMadePki();
  host.seed(`${pki}/ca.crt/x`, '');
  await host.remove(`${pki}/ca.crt`, { recursive: true });
  await host.makeDirectory(`${pki}/ca.crt`);
  assert.match(errors(await planCerts(pkiContext(host))).join(), /ca\.crt: error: EISDIR/);
});

function aCaOf(root: Awaited<ReturnType<typeof aCa>>, key: Parameters<typeof aCa>[1]) {
  const content = { commonName: 'middle', organizations: [], isCa: true, usages: [], sans: [] };
  const validity = { notBeforeMs: Date.UTC(2025, 0, 1), notAfterMs: Date.UTC(2035, 0, 1) };
  return issueCertificate({ ...content, ...validity }, key, root);
}
