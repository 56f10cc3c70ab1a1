import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PreflightError } from '../../src/base/errors.ts';
import { certsPhase } from '../../src/phases/certs.ts';
import { MemoryHost } from '../fakes/memory-host.ts';
import { anEcdsaConfig, pkiContext } from '../fakes/pki-context.ts';

const pki = '/etc/kubernetes/pki';

test("has kubeadm's subphases in kubeadm's order", () => {
  assert.deepEqual(
    certsPhase.phases?.map(({ name }) => name),
    [
      'ca',
      'apiserver',
      'apiserver-kubelet-client',
      'front-proxy-ca',
      'front-proxy-client',
      'etcd-ca',
      'etcd-server',
      'etcd-peer',
      'etcd-healthcheck-client',
      'apiserver-etcd-client',
      'sa',
    ],
  );
});

test('the whole phase makes everything and says so; again it keeps everything and writes nothing', async () => {
  const host = new MemoryHost();
  const first = pkiContext(host);
  await certsPhase.run?.(first);
  assert.ok(first.items.every(({ action }) => action === 'create'));
  const written = host.mutations.length;
  const second = pkiContext(host);
  await certsPhase.run?.(second);
  assert.equal(second.items.length, 11);
  assert.ok(second.items.every(({ action }) => action === 'keep'));
  assert.equal(host.mutations.length, written);
});

test('the subphases one after another make the same files as the whole', async () => {
  const [whole, parts] = [new MemoryHost(), new MemoryHost()];
  await certsPhase.run?.(pkiContext(whole));
  for (const phase of certsPhase.phases ?? []) await phase.run?.(pkiContext(parts));
  assert.deepEqual(parts.files(), whole.files());
});

test('the subphases of etcd have nothing to do when etcd is external', () => {
  const external = { endpoints: ['https://192.0.2.50:2379'], httpEndpoints: [], caFile: '', certFile: '', keyFile: '' };
  const context = pkiContext(new MemoryHost(), { config: anEcdsaConfig({ etcd: { external } }) });
  const skipped = certsPhase.phases?.filter(({ skip }) => skip?.(context) !== undefined).map(({ name }) => name);
  assert.deepEqual(skipped, [
    'etcd-ca',
    'etcd-server',
    'etcd-peer',
    'etcd-healthcheck-client',
    'apiserver-etcd-client',
  ]);
});

test('is refused with every error, warnings said, before anything is written', async () => {
  const host = new MemoryHost();
  await certsPhase.run?.(pkiContext(host));
  await host.remove(`${pki}/sa.key`);
  await host.remove(`${pki}/front-proxy-client.key`);
  await host.setMode(`${pki}/ca.key`, 0o640);
  await host.remove(`${pki}/etcd/healthcheck-client.crt`);
  const written = host.mutations.length;
  const context = pkiContext(host);
  await assert.rejects(Promise.resolve(certsPhase.run?.(context)), (thrown: unknown) => {
    assert.ok(thrown instanceof PreflightError);
    assert.equal(thrown.exitCode, 2);
    assert.equal(thrown.message, 'the certificates cannot be used as they are');
    assert.deepEqual(
      thrown.findings.map(({ file }) => file),
      [`${pki}/front-proxy-client.crt`, `${pki}/sa.pub`],
    );
    return true;
  });
  assert.deepEqual(context.warnings, [`${pki}/ca.key has mode 0640, others may read it (chmod 600 ${pki}/ca.key)`]);
  assert.equal(host.mutations.length, written);
});
