import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusReport } from '../../src/cli/status-report.ts';
import { pathsOf } from '../../src/config/paths.ts';
import type { AgentStatus } from '../../src/kube/agent-socket.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { aComponentPod, aHost, anAgentDoor, anAgentStatus } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

const paths = pathsOf('/');
const clock = new FakeClock(Date.UTC(2026, 0, 1, 0, 3));

const reportOf = (status: AgentStatus | undefined, files = {}) =>
  statusReport({
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
      'agent         pid 4711, up 3 min',
      'runtime       process v1',
      'certificates  none',
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
