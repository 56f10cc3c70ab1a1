import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { planCerts } from '../../src/phases/certs.ts';
import { planPki, startPki } from '../../src/phases/pki.ts';
import { applyCertificates } from '../../src/pki/apply.ts';
import { createKeySource } from '../../src/pki/keys.ts';
import { MemoryHost } from '../fakes/memory-host.ts';
import { makePki, pkiContext } from '../fakes/pki-context.ts';

const pki = '/etc/kubernetes/pki';

const tree = [
  'apiserver-etcd-client.crt',
  'apiserver-etcd-client.key',
  'apiserver-kubelet-client.crt',
  'apiserver-kubelet-client.key',
  'apiserver.crt',
  'apiserver.key',
  'ca.crt',
  'ca.key',
  'etcd/ca.crt',
  'etcd/ca.key',
  'etcd/healthcheck-client.crt',
  'etcd/healthcheck-client.key',
  'etcd/peer.crt',
  'etcd/peer.key',
  'etcd/server.crt',
  'etcd/server.key',
  'front-proxy-ca.crt',
  'front-proxy-ca.key',
  'front-proxy-client.crt',
  'front-proxy-client.key',
  'sa.key',
  'sa.pub',
].map((name) => `${pki}/${name}`);

test("writes kubeadm's files with kubeadm's modes", async () => {
  const host = new MemoryHost();
  await makePki(pkiContext(host));
  const confs = ['admin', 'controller-manager', 'kubelet', 'scheduler', 'super-admin'].map(
    (name) => `/etc/kubernetes/${name}.conf`,
  );
  assert.deepEqual(host.files(), [...confs.slice(0, 3), ...tree, ...confs.slice(3)]);
  for (const path of host.files()) {
    assert.equal((await host.stat(path))?.mode, path.endsWith('.crt') ? 0o644 : 0o600, path);
  }
  for (const path of [pki, `${pki}/etcd`]) assert.equal((await host.stat(path))?.mode, 0o755);
});

test('each key is on the disk before its certificate', async () => {
  const host = new MemoryHost();
  await makePki(pkiContext(host));
  const written = host.mutations.filter(({ operation }) => operation === 'writeFile').map(({ path }) => path);
  for (const crt of written.filter((path) => path.endsWith('.crt'))) {
    assert.ok(written.indexOf(crt.replace(/crt$/, 'key')) < written.indexOf(crt), crt);
  }
});

test('whatever write a kill comes at, the next run ends in a whole tree and keeps what was there', async () => {
  const whole = new MemoryHost();
  await makePki(pkiContext(whole));
  for (let changes = 0; changes < whole.mutations.length; changes++) {
    const host = new MemoryHost();
    host.killAfter(changes);
    await assert.rejects(makePki(pkiContext(host)), /killed/);
    const again = host.restarted();
    const before = new Map(again.files().map((path) => [path, again.text(path)]));
    const context = pkiContext(again);
    assert.deepEqual((await planPki(context)).findings, [], `killed after ${changes} changes`);
    await makePki(context);
    assert.deepEqual(again.files(), whole.files());
    for (const [path, text] of before) assert.equal(again.text(path), text, path);
    const plan = await planPki(pkiContext(again));
    assert.ok(
      [...plan.certificates.items, ...(plan.kubeconfigs?.items ?? [])].every(({ action }) => action === 'keep'),
    );
  }
});

test('a full disk ends in one error that names the file, with nothing left running', async () => {
  const host = new MemoryHost();
  host.failWhen(({ path, operation }) => (operation === 'writeFile' && path.endsWith('.crt') ? 'ENOSPC' : undefined));
  await assert.rejects(
    makePki(pkiContext(host)),
    /^OperationError: cannot write \/etc\/kubernetes\/pki\/etcd\/ca\.crt: ENOSPC/,
  );
  const left = host.mutations.length;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(host.mutations.length, left);
});

test('what etcd needs is there first, and is said before the rest is done', async () => {
  const host = new MemoryHost();
  const context = pkiContext(host);
  const run = startPki(context, await planPki(context));
  await run.etcdStart;
  assert.deepEqual(
    context.items.slice(0, 3).map(({ item }) => item),
    ['etcd/ca.crt', 'etcd/server.crt', 'etcd/peer.crt'],
  );
  await run.done;
  assert.equal(context.items.length, 16);
});

test('a failure before etcd can start ends both waits with its error', async () => {
  const host = new MemoryHost();
  host.failWhen(({ path }) => (path.endsWith('etcd/peer.key') ? 'EROFS' : undefined));
  const context = pkiContext(host);
  const run = startPki(context, await planPki(context));
  await assert.rejects(run.etcdStart, /cannot write .*etcd\/peer\.key: EROFS/);
  await assert.rejects(run.done, /cannot write .*etcd\/peer\.key: EROFS/);
});

test('ends between two files when interrupted', async () => {
  const host = new MemoryHost();
  const interruption = new AbortController();
  const context = pkiContext(host, { signal: interruption.signal });
  const plan = await planCerts(context);
  const reason = new Error('interrupted');
  await assert.rejects(
    applyCertificates(plan, {
      host,
      config: context.config,
      now: context.clock.now(),
      keys: createKeySource('ECDSA-P256', 1),
      signal: interruption.signal,
      onDone: ({ name }) => name === 'etcd-ca' && interruption.abort(reason),
    }),
    reason,
  );
  assert.ok(host.text(`${pki}/etcd/ca.crt`) !== undefined);
  assert.equal(host.text(`${pki}/sa.pub`), undefined);
});

test('validity: begins five minutes before, ends the configured time after', async () => {
  const host = new MemoryHost();
  const context = pkiContext(host);
  await makePki(context);
  const of = (name: string) => new X509Certificate(host.text(`${pki}/${name}.crt`) ?? '');
  const { certificateValidityPeriodMs, caCertificateValidityPeriodMs } = context.config.cluster;
  assert.equal(of('apiserver').validFromDate.getTime(), context.clock.now() - 300_000);
  assert.equal(of('apiserver').validToDate.getTime(), context.clock.now() + certificateValidityPeriodMs);
  assert.equal(of('etcd/ca').validToDate.getTime(), context.clock.now() + caCertificateValidityPeriodMs);
});
