import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PreflightError } from '../../src/base/errors.ts';
import { certsPhase } from '../../src/phases/certs.ts';
import { kubeconfigPhase } from '../../src/phases/kubeconfig.ts';
import { MemoryHost } from '../fakes/memory-host.ts';
import { pkiContext } from '../fakes/pki-context.ts';

const names = ['admin', 'super-admin', 'kubelet', 'controller-manager', 'scheduler'];

test("has kubeadm's subphases in kubeadm's order", () => {
  assert.deepEqual(
    kubeconfigPhase.phases?.map(({ name }) => name),
    names,
  );
});

test('without a CA it is refused with the command that makes one', async () => {
  const host = new MemoryHost();
  await assert.rejects(Promise.resolve(kubeconfigPhase.run?.(pkiContext(host))), (thrown: unknown) => {
    assert.ok(thrown instanceof PreflightError);
    assert.match(thrown.findings[0]?.hint ?? '', /bootstrap init phase certs ca/);
    return true;
  });
  assert.deepEqual(host.files(), []);
});

test('makes all five after the certs phase; again it keeps them and writes nothing', async () => {
  const host = new MemoryHost();
  await certsPhase.run?.(pkiContext(host));
  const first = pkiContext(host);
  await kubeconfigPhase.run?.(first);
  assert.deepEqual(first.items.map(({ item }) => item).sort(), names.map((name) => `${name}.conf`).sort());
  const written = host.mutations.length;
  const second = pkiContext(host);
  await kubeconfigPhase.run?.(second);
  assert.ok(second.items.every(({ action }) => action === 'keep'));
  assert.equal(host.mutations.length, written);
});

test('a subphase makes its own file only', async () => {
  const host = new MemoryHost();
  await certsPhase.run?.(pkiContext(host));
  await kubeconfigPhase.phases?.find(({ name }) => name === 'scheduler')?.run?.(pkiContext(host));
  assert.deepEqual(
    host.files().filter((path) => path.endsWith('.conf')),
    ['/etc/kubernetes/scheduler.conf'],
  );
});
