import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusReport } from '../../../src/cli/status/status-report.ts';
import type { Screen } from '../../../src/cli/status/status-table.ts';
import { styleOf } from '../../../src/cli/style.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import type { AgentStatus } from '../../../src/kube/agent-socket.ts';
import { openJournal } from '../../../src/rollout/journal/journal.ts';
import { writeRevision } from '../../../src/rollout/revisions/revisions.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { aComponentPod, aHost, anAgentDoor, anAgentStatus } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { aDraft } from '../../fakes/revision-builders.ts';

const paths = pathsOf('/');
const clock = new FakeClock(Date.UTC(2026, 0, 1, 0, 3));

const reportOf = (status: AgentStatus | undefined, files = {}, screen?: Screen) =>
  statusReport({
    ...(screen === undefined ? {} : { screen }),
    host: aHost(new MemoryHost(files)),
    clock,
    paths,
    agent: anAgentDoor({ status: async () => status }),
  });

test('shows every pod with readiness, state, restarts, age, and exits 0 when all are ready', async () => {
  const { table, exitCode } = await reportOf(anAgentStatus([aComponentPod('etcd')]));
  assert.equal(exitCode, 0);
  assert.equal(
    table,
    [
      'POD         READY  STATUS   RESTARTS  AGE',
      'etcd-node1  1/1    Running  0         3 min',
      '',
      'agent    pid 4711, up 3 min',
      'runtime  process v1',
      '',
    ].join('\n'),
  );
});

test('says why a pod is not ready, and exits 1', async () => {
  const crashing = { ready: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } };
  const pod = aComponentPod('etcd', crashing, { doing: 'back-off 40s', lastError: 'exit 1' });
  const { table, exitCode, document } = await reportOf(anAgentStatus([pod]));
  assert.equal(exitCode, 1);
  assert.match(table, /etcd-node1 {2}0\/1 {4}CrashLoopBackOff {2}3 .* back-off 40s; exit 1/);
  assert.equal(document.ready, false);
});

test('says that the machine has another address than the agent was set up with', async () => {
  const nodeIP = '192.0.2.99';
  const agent = anAgentDoor({
    status: async () => anAgentStatus([aComponentPod('etcd')], { problems: ['another'] }),
    configuration: async () => ({ apiVersion: 'kube-bootstrap/v1alpha1', kind: 'AgentConfiguration', nodeIP }),
  });
  const host = aHost(new MemoryHost(), { defaultInterface: async () => 'eth0' });
  const { table, document } = await statusReport({ host, clock, paths, agent });
  const problem = `${nodeIP} is no address of this machine any more; it has 192.0.2.10 (eth0): bootstrap apply fits the control plane to it`;
  assert.ok(table.includes(`problem  another\nproblem  ${problem}\n`), table);
  assert.deepEqual(document.problems, ['another', problem]);
});

test('tells of the network of pods where the runtime is told it by others', async () => {
  const runtime = { type: 'cri', name: 'containerd', version: '1.6.20' };
  const table = async (network: NonNullable<AgentStatus['runtime']['network']>) =>
    (await reportOf(anAgentStatus([aComponentPod('etcd')], { runtime: { ...runtime, network } }))).table;
  assert.match(await table({ ready: true }), /^network {2}ready$/m);
  const problem = 'network is not ready: container runtime network not ready: NetworkReady=false reason:R message:M';
  const { table: text, exitCode } = await reportOf(
    anAgentStatus([aComponentPod('etcd')], { runtime: { ...runtime, network: { ready: false, problem } } }),
  );
  assert.match(text, /not ready: container runtime network not ready: NetworkReady=false reason:R/);
  // What is there runs on the host network.
  assert.equal(exitCode, 0);
});

test('a manifest that is refused is in the table with its reason', async () => {
  const rejected = [{ file: 'x.yaml', reason: 'kind Deployment', lastGoodRuns: true }];
  const { table, exitCode } = await reportOf(anAgentStatus([aComponentPod('etcd')], { rejected }));
  assert.match(table, /x\.yaml .* Refused .* kind Deployment \(its last good form runs\)/);
  assert.equal(exitCode, 1);
});

test('without an agent it says so, and reads what it can', async () => {
  const { table, exitCode } = await reportOf(undefined, { '/etc/kubernetes/manifests/etcd.yaml': '' });
  assert.equal(exitCode, 1);
  assert.match(table, /No agent answers/);
  assert.match(table, /manifests +etcd\.yaml/);
});

test('where nothing was made it says what to do, and exits 2', async () => {
  const { table, exitCode } = await reportOf(undefined);
  assert.equal(exitCode, 2);
  assert.match(table, /no control plane below \/\.\nnext: bootstrap init/);
});

const narrow = (columns: number): Screen => ({ columns, style: styleOf(false) });
const crash = {
  ready: false,
  restartCount: 3,
  state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container=etcd' } },
  lastState: {
    terminated: { exitCode: 1, reason: 'Error', message: 'bad\nflag -x\n', finishedAt: '2026-01-01T00:02:50Z' },
  },
};

test('a pod that crashes shows how it ended and what it said last', async () => {
  const pod = aComponentPod('etcd', crash, { doing: 'back-off 40s restarting etcd' });
  const { table } = await reportOf(anAgentStatus([pod]));
  assert.match(table, /back-off 40s restarting etcd; ended 10 s ago: exit code 1 \(Error\): flag -x$/m);
});

test('a pod of several containers shows each, and an init container only while it matters', async () => {
  const entry = aComponentPod('etcd');
  const [first] = entry.pod.status?.containerStatuses ?? [];
  assert.ok(first && entry.pod.status);
  const side = { ...first, ...crash, name: 'side' };
  const done = { ...first, name: 'init', state: { terminated: { exitCode: 0, reason: 'Completed' } } };
  const status = { ...entry.pod.status, containerStatuses: [first, side], initContainerStatuses: [done] };
  const { table } = await reportOf(anAgentStatus([{ ...entry, pod: { ...entry.pod, status } }]));
  const rows = table.split('\n').slice(1, 4);
  assert.match(rows[0] ?? '', /^etcd-node1 +1\/2 +CrashLoopBackOff +3/);
  assert.match(rows[1] ?? '', /^ {2}etcd +yes +Running +0/);
  assert.match(rows[2] ?? '', /^ {2}side +no +CrashLoopBackOff +3 .*ended 10 s ago/);
  assert.doesNotMatch(table, /init/);
});

test('the namespace stands before the name where there are several', async () => {
  const other = aComponentPod('web');
  const metadata = { ...other.pod.metadata, namespace: 'default' };
  const pods = [aComponentPod('etcd'), { ...other, pod: { ...other.pod, metadata } }];
  const { table } = await reportOf(anAgentStatus(pods));
  assert.match(table, /^kube-system\/etcd-node1 /m);
  assert.match(table, /^default\/web-node1 /m);
});

test('on a narrow screen no line is longer than it', async () => {
  const rejected = [
    { file: '/m/bad.yaml', reason: '/m/bad.yaml:3:1: error: spec.containers: Required value', lastGoodRuns: true },
  ];
  const status = anAgentStatus(
    [aComponentPod('etcd', crash, { doing: 'back-off 40s' }), aComponentPod('kube-apiserver')],
    {
      rejected,
      manifestDirectory: '/m',
      problems: ['--kubeconfig /etc/kubernetes/kubelet.conf is not there: static pods run without an API server'],
    },
  );
  for (const columns of [80, 50, 30]) {
    const { table } = await reportOf(status, {}, narrow(columns));
    for (const line of table.split('\n')) assert.ok(line.length <= columns || !line.trim().includes(' '), line);
    for (const said of ['etcd-node1', 'bad.yaml:3:1', 'Refused', 'its last good', 'CrashLoopBackOff', '4711']) {
      assert.ok(table.includes(said), `${columns}: ${said}\n${table}`);
    }
  }
});

test('what does not work beside the pods is told, and a runtime that does not answer is not ready', async () => {
  const status = anAgentStatus([aComponentPod('etcd')], {
    runtime: { type: 'docker', name: 'docker', version: '20.10', error: 'connect ENOENT' },
    problems: ['/healthz is not served: EADDRINUSE'],
  });
  const { table, exitCode } = await reportOf(status);
  assert.match(table, /^runtime +docker 20\.10 does not answer: connect ENOENT$/m);
  assert.match(table, /^problem +\/healthz is not served: EADDRINUSE$/m);
  assert.equal(exitCode, 1);
});

test('an agent by itself with an empty directory is in order', async () => {
  const { table, exitCode } = await reportOf(anAgentStatus([], { manifestDirectory: '/m' }));
  assert.match(table, /^No pods: \/m holds no valid manifest\.$/m);
  assert.equal(exitCode, 0);
});

test('where an agent by itself ran before, it says what starts it again', async () => {
  const { table, exitCode } = await reportOf(undefined, { '/var/lib/bootstrap/runtime': 'docker unix:///x.sock\n' });
  assert.match(table, /agent +not running \(bootstrap agent starts it\)/);
  assert.match(table, /runtime +docker/);
  assert.equal(exitCode, 1);
});

test('where systemd starts it, it says so', async () => {
  const files = {
    '/var/lib/bootstrap/runtime': 'docker unix:///x.sock\n',
    '/run/systemd/system/x': '',
    '/lib/systemd/system/bootstrap-agent.service': '',
  };
  const { table } = await reportOf(undefined, files);
  assert.match(table, /agent +not running \(systemctl start bootstrap-agent\.service starts it\)/);
});

test('says which revision it is', async () => {
  const host = aHost(new MemoryHost({ '/etc/kubernetes/manifests/etcd.yaml': '' }));
  await writeRevision(host, paths.revisionsDir, aDraft());
  const { table, document } = await statusReport({ host, clock, paths, agent: anAgentDoor() });
  assert.match(table, /^revision +1, good, 3 min old$/m);
  assert.deepEqual(document.revision, { number: 1, result: 'good', at: '2026-01-01T00:00:00.000Z' });
});

test('says that a change was cut off', async () => {
  const host = aHost(new MemoryHost({ '/etc/kubernetes/manifests/etcd.yaml': '' }));
  const holder = { pid: 1, startTicks: '1' };
  const entry = { to: 2, startedAt: '2026-01-01T00:00:00Z', holder, command: 'bootstrap apply', user: 'root' };
  await openJournal(host, paths, entry);
  const { table, document } = await statusReport({ host, clock, paths, agent: anAgentDoor() });
  assert.match(table, /^change +Cut off: revision 2, bootstrap apply by root /m);
  assert.match(String(document.change), /^Cut off/);
});

test('what the agent is at the API server has a line of its own, and that it takes no pods of it', async () => {
  const of = async (node: AgentStatus['node']) => {
    const status = anAgentStatus([aComponentPod('etcd')], node === undefined ? {} : { node });
    return (await reportOf(status)).table;
  };
  const server = 'https://192.0.2.10:6443';
  assert.match(
    await of({ registered: true, ready: true, server }),
    /^node +node1, registered at https:\S+; runs static pods only \(capacity pods: 0\)$/m,
  );
  assert.match(await of({ registered: true, ready: false, server }), /^node +node1, registered, not ready at https/m);
  assert.match(await of({ registered: false, server }), /^node +node1, not registered at https:\S+$/m);
  assert.match(await of({ registered: false }), /^node +node1, not registered$/m);
  assert.doesNotMatch(await of(undefined), /^node /m);
});

test('tells how the node came up, the machine’s boot only where that was near', async () => {
  const pods = [
    { pod: 'kube-system/kube-apiserver-node1', readyMs: 16_500 },
    { pod: 'kube-system/etcd-node1', readyMs: 13_500 },
    { pod: 'default/gone-node1', readyMs: 13_000 },
  ];
  const start = { bootedAt: '2026-01-01T00:00:00.000Z', agentMs: 12_100, runtimeMs: 12_500, pods };
  const there = [aComponentPod('etcd'), aComponentPod('kube-apiserver')];
  const { table, document } = await reportOf(anAgentStatus(there, { start }));
  const after = 'ready after runtime 0.4 s, etcd 1.4 s, kube-apiserver 4.4 s';
  assert.match(table, new RegExp(`^start +agent 12 s after boot; ${after}$`, 'm'));
  assert.deepEqual(document.start, start);
  const late = { ...start, agentMs: 3_600_000, runtimeMs: 3_600_400, pods: [] };
  assert.match((await reportOf(anAgentStatus(there, { start: late }))).table, /^start +ready after runtime 0.4 s$/m);
});
