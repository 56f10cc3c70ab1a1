import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { parseKubeconfig } from '../../../src/kubeconfig/kubeconfig.ts';
import { kubeconfigs } from '../../../src/kubeconfig/kubeconfigs.ts';
import { missingSans, parseCertificates } from '../../../src/pki/inspect.ts';
import { createKeySource, isPair, parsePrivateKey } from '../../../src/pki/keys.ts';
import { readCertificateFiles, readFiles } from '../../../src/pki/store.ts';
import { issueAnew } from '../../../src/rollout/apply/issue-anew.ts';
import { planPki } from '../../../src/rollout/plan/plan-pki.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { anEcdsaConfig, makePki, pkiContext } from '../../fakes/pki-context.ts';

const pki = '/etc/kubernetes/pki';
let disk: MemoryHost;

before(async () => {
  disk = new MemoryHost();
  await makePki(pkiContext(disk, { config: anEcdsaConfig() }));
});

/** What another configuration has issued anew on that disk. */
async function anew(change: Parameters<typeof anEcdsaConfig>[0]) {
  const config = anEcdsaConfig(change);
  const { paths, clock } = pkiContext(disk, { config });
  const now = clock.now();
  const files = await readCertificateFiles(disk, paths.certificatesDir);
  const kubeconfigFiles = await readFiles(
    disk,
    kubeconfigs.map((spec) => spec.path(paths)),
  );
  const { reissue } = planPki({ config, paths, files, kubeconfigFiles, now, former: anEcdsaConfig() });
  const keys = createKeySource(config.cluster.encryptionAlgorithm, 2);
  const made = await issueAnew(reissue, { host: disk, config, paths, now, keys });
  return { reissue, made };
}

describe('what is issued anew', () => {
  test('is written by nobody, and only what the plan names is made', async () => {
    const before = disk.mutations.length;
    const { made } = await anew({});
    assert.deepEqual(made, []);
    assert.equal(disk.mutations.length, before);
  });

  test('has the new name, under the key that it had and the same CA', async () => {
    const config = anEcdsaConfig();
    const apiServer = { ...config.cluster.apiServer, certSANs: ['api.example.org'] };
    const { made } = await anew({ apiServer });
    assert.deepEqual(
      made.map(({ path, mode }) => [path, mode]),
      [[`${pki}/apiserver.crt`, 0o644]],
    );
    const [certificate] = parseCertificates(made[0]?.data ?? '');
    const [ca] = parseCertificates(disk.text(`${pki}/ca.crt`) ?? '');
    const key = parsePrivateKey(disk.text(`${pki}/apiserver.key`) ?? '');
    assert.ok(certificate && ca && key);
    assert.deepEqual(missingSans(certificate, ['api.example.org']), []);
    assert.ok(certificate.verify(ca.publicKey));
    assert.ok(isPair(certificate.publicKey, key));
  });

  test('says the new endpoint where that is asked for', async () => {
    const { made, reissue } = await anew({ controlPlaneEndpoint: 'cluster.example.org:6443' });
    const servers = made
      .filter(({ path }) => path.endsWith('.conf'))
      .map(({ path, data, mode }) => [path, parseKubeconfig(data, path).server, mode]);
    assert.deepEqual(
      servers.filter(([path]) => path === '/etc/kubernetes/admin.conf'),
      [['/etc/kubernetes/admin.conf', 'https://cluster.example.org:6443', 0o600]],
    );
    assert.deepEqual(made.map(({ path }) => path).toSorted(), reissue.flatMap(({ paths }) => paths).toSorted());
  });

  test('gets another key, before the certificate, where the former is lost', async () => {
    await disk.remove(`${pki}/front-proxy-client.key`);
    const { made } = await anew({});
    assert.deepEqual(
      made.map(({ path, mode }) => [path, mode]),
      [
        [`${pki}/front-proxy-client.key`, 0o600],
        [`${pki}/front-proxy-client.crt`, 0o644],
      ],
    );
  });
});
