import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '../../src/base/errors.ts';
import { sha256Hex } from '../../src/base/hash.ts';
import { pathsOf } from '../../src/config/paths.ts';
import type { RecordEntry } from '../../src/host/recording-host.ts';
import type { ResetContext } from '../../src/phases/reset.ts';
import { resetPhases } from '../../src/phases/reset.ts';
import { runPhases } from '../../src/phases/run.ts';
import type { ObservedPod } from '../../src/runtime/runtime.ts';
import { aHost, anAgentDoor, anInitContext, deadPid, type TestContext } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

const file = (path: string, text: string): RecordEntry => ({ path, kind: 'file', sha256: sha256Hex(text) });
const directory = (path: string): RecordEntry => ({ path, kind: 'directory' });

type Given = { readonly files?: Record<string, string>; readonly entries?: readonly RecordEntry[] } & Omit<
  Partial<ResetContext>,
  'made' | 'clock'
>;

function aReset({ files = {}, entries = [], ...change }: Given): {
  readonly context: TestContext & ResetContext;
  readonly memory: MemoryHost;
} {
  const memory = new MemoryHost(files);
  const made = { add: async () => {}, all: async () => entries };
  const context = anInitContext({ host: aHost(memory), made, ...change });
  return { memory, context: { mayHavePods: async () => false, cleanupTmpDir: false, ...change, ...context } };
}

async function run(context: ResetContext, skipPhases: readonly string[] = []): Promise<void> {
  const workflow = { phaseStarted() {}, phaseEnded() {} };
  await runPhases(resetPhases, context, { clock: context.clock, signal: context.signal, workflow, skipPhases });
}

test('removes the files as init wrote them, and directories of ours that are empty then', async () => {
  const { memory, context } = aReset({
    files: { '/etc/kubernetes/pki/ca.crt': 'ours', '/etc/kubernetes/admin.conf': 'ours' },
    entries: [
      directory('/etc/kubernetes'),
      directory('/etc/kubernetes/pki'),
      file('/etc/kubernetes/pki/ca.crt', 'ours'),
      file('/etc/kubernetes/admin.conf', 'ours'),
    ],
  });
  await run(context);
  assert.deepEqual(memory.files(), []);
  assert.equal(await memory.stat('/etc/kubernetes'), undefined);
  assert.notEqual(await memory.stat('/etc'), undefined);
});

test('what init did not make, and what was changed since, stays and is named', async () => {
  const { memory, context } = aReset({
    files: { '/etc/kubernetes/pki/ca.crt': "somebody's", '/etc/kubernetes/pki/apiserver.crt': 'renewed by hand' },
    entries: [file('/etc/kubernetes/pki/apiserver.crt', 'ours')],
  });
  await run(context);
  assert.deepEqual(memory.files(), ['/etc/kubernetes/pki/apiserver.crt', '/etc/kubernetes/pki/ca.crt']);
  assert.deepEqual(
    context.items.map(({ item, action, because }) => [item, action, because]),
    [
      ['/etc/kubernetes/pki/apiserver.crt', 'leave', 'changed since init made it'],
      ['/etc/kubernetes/pki/ca.crt', 'leave', 'not made by init'],
    ],
  );
});

test('a manifest of ours goes even when it was edited: else the next agent would start it', async () => {
  const { memory, context } = aReset({
    files: { '/etc/kubernetes/manifests/etcd.yaml': 'edited', '/etc/kubernetes/manifests/mine.yaml': 'mine' },
    entries: [file('/etc/kubernetes/manifests/etcd.yaml', 'ours')],
  });
  await run(context);
  assert.deepEqual(memory.files(), ['/etc/kubernetes/manifests/mine.yaml']);
});

test("etcd's data goes only when init handed the empty directory to etcd", async () => {
  const files = { '/var/lib/etcd/member/snap/db': 'data', '/var/lib/etcd/lost+found/x': '' };
  const foreign = aReset({ files });
  await run(foreign.context);
  assert.equal(foreign.memory.files().length, 2);
  const ours = aReset({ files, entries: [{ path: '/var/lib/etcd', kind: 'contents' }] });
  await run(ours.context);
  assert.deepEqual(ours.memory.files(), ['/var/lib/etcd/lost+found/x']);
});

test("the agent's own files go by name, a stranger's in the same directory stays", async () => {
  const { memory, context } = aReset({
    files: {
      '/var/lib/bootstrap/agent.yaml': '',
      '/var/lib/bootstrap/containers/a/pid': '1',
      '/var/lib/bootstrap/made.jsonl': '',
      '/var/lib/bootstrap/notes.txt': 'mine',
      '/run/bootstrap/agent.lock': '',
      '/run/bootstrap/start.json': '{}',
    },
  });
  await run(context);
  assert.deepEqual(memory.files(), ['/var/lib/bootstrap/notes.txt']);
  assert.deepEqual(context.items.at(-1), {
    item: '/var/lib/bootstrap/notes.txt',
    action: 'leave',
    because: 'not made by init',
  });
});

test('a setting of the kernel that a killed change has left is put back while its note is there', async () => {
  const note = '/var/lib/bootstrap/tcp-migrate-req';
  let noted: string | undefined;
  const { memory, context } = aReset({
    files: { [note]: '0' },
    putBackKernel: async () => {
      noted = memory.text(note);
    },
  });
  await run(context, ['stop-pods']);
  assert.equal(noted, '0');
  assert.deepEqual(memory.files(), []);
});

test('what a kill left half-written goes too', async () => {
  const { memory, context } = aReset({
    files: { [`/etc/kubernetes/pki/.ca.key.${deadPid}.3.tmp`]: 'half', '/etc/kubernetes/pki/.mine': 'mine' },
    entries: [file('/etc/kubernetes/pki/ca.key', 'ours')],
  });
  await run(context);
  assert.deepEqual(memory.files(), ['/etc/kubernetes/pki/.mine']);
});

test('below a root directory of our own no empty directory is left', async () => {
  const { memory, context } = aReset({
    files: { '/plane/var/lib/bootstrap/owner': 'x' },
    entries: [directory('/plane')],
    paths: pathsOf('/plane'),
  });
  await memory.makeDirectory('/plane/var/lib/kubelet/pods');
  await memory.makeDirectory('/plane/var/log/pods');
  await run(context);
  assert.equal(await memory.stat('/plane'), undefined);
});

test('run twice, the second finds nothing to do', async () => {
  const { memory, context } = aReset({ files: { '/x': '' }, entries: [file('/gone', 'x')] });
  await run(context);
  await run(context);
  assert.deepEqual(memory.files(), ['/x']);
});

const observed = (name: string): ObservedPod => ({
  pod: { name, namespace: 'kube-system', uid: `uid-${name}` },
  sandboxes: [{ id: `s-${name}` }] as never,
  containers: [{ id: `c-${name}` }] as never,
});

test('stops the agent first, then all pods but etcd, then etcd', async () => {
  const calls: string[] = [];
  const runtime = {
    observePods: async () => [observed('etcd-node1'), observed('kube-apiserver-node1')],
    stopContainer: async (id: string) => void calls.push(`stop ${id}`),
    removeContainer: async (id: string) => void calls.push(`remove ${id}`),
    stopSandbox: async () => {},
    removeSandbox: async (id: string) => void calls.push(`remove ${id}`),
  };
  const agent = anAgentDoor({
    stop: async () => {
      calls.push('stop agent');
      return true;
    },
    retire: async () => {
      calls.push('no agent at the next boot');
      return ['unit disabled'];
    },
  });
  const { memory, context } = aReset({
    files: { '/var/log/pods/kube-system_etcd-node1_uid-etcd-node1/etcd/0.log': '', '/var/log/pods/other_x_y/z': '' },
    agent,
    runtime: async () => runtime as never,
    mayHavePods: async () => true,
  });
  await run(context);
  assert.deepEqual(calls, [
    'stop agent',
    'no agent at the next boot',
    'stop c-kube-apiserver-node1',
    'remove c-kube-apiserver-node1',
    'remove s-kube-apiserver-node1',
    'stop c-etcd-node1',
    'remove c-etcd-node1',
    'remove s-etcd-node1',
  ]);
  assert.ok(context.items.some(({ item, because }) => item === 'service' && because === 'unit disabled'));
  assert.deepEqual(memory.files(), ['/var/log/pods/other_x_y/z']);
});

test('a runtime that does not answer keeps every file, and says how to go on without it', async () => {
  const { memory, context } = aReset({
    files: { '/etc/kubernetes/admin.conf': 'ours' },
    entries: [file('/etc/kubernetes/admin.conf', 'ours')],
    mayHavePods: async () => true,
  });
  await assert.rejects(run(context), (thrown: unknown) => {
    assert.ok(thrown instanceof OperationError);
    assert.match(thrown.hint ?? '', /--skip-phases stop-pods/);
    return true;
  });
  assert.equal(memory.files().length, 1);
  await run(context, ['stop-pods']);
  assert.equal(memory.files().length, 0);
});

test('a pod network that init wrote goes with its notes; of its bridge it is said how it goes', async () => {
  const conflist = '/etc/cni/net.d/10-bootstrap.conflist';
  const leases = '/var/lib/cni/networks/bootstrap';
  const files = {
    [conflist]: 'ours',
    [`${leases}/lock`]: '',
    [`${leases}/last_reserved_ip.0`]: '',
    '/sys/class/net/cni0': '',
  };
  const entries = [directory('/etc/cni'), directory('/etc/cni/net.d'), file(conflist, 'ours')];
  const { memory, context } = aReset({ files, entries });
  await run(context);
  assert.deepEqual(memory.files(), ['/sys/class/net/cni0']);
  assert.deepEqual(context.items.at(-1), {
    item: 'cni0',
    action: 'leave',
    because: 'the bridge of its pods; ip link delete cni0',
  });
});

test('a network that others wrote, or whose addresses are in use, stays', async () => {
  const conflist = '/etc/cni/net.d/10-bootstrap.conflist';
  const lease = '/var/lib/cni/networks/bootstrap/10.244.0.7';
  const theirs = aReset({
    files: { [conflist]: 'theirs', [lease]: '', '/sys/class/net/cni0': '' },
    entries: [directory('/etc')],
  });
  await run(theirs.context);
  assert.deepEqual(theirs.memory.files(), [conflist, '/sys/class/net/cni0', lease]);
  assert.ok(theirs.context.items.every(({ item }) => item !== 'cni0'));
  const used = aReset({ files: { [conflist]: 'ours', [lease]: '' }, entries: [file(conflist, 'ours')] });
  await run(used.context);
  assert.deepEqual(used.memory.files(), [lease]);
  assert.match(JSON.stringify(used.context.items), /given away: 10\.244\.0\.7/);
});
