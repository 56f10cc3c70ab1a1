import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError, TimeoutError } from '../../src/base/errors.ts';
import type { Host } from '../../src/host/host.ts';
import type { AgentPod } from '../../src/kube/agent-socket.ts';
import type { InitContext } from '../../src/phases/context.ts';
import { waitControlPlanePhase } from '../../src/phases/wait-control-plane.ts';
import {
  aComponentPod,
  aHost,
  aKubeClient,
  aManifest,
  anAgentDoor,
  anAgentStatus,
  anInitContext,
  type TestContext,
} from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

const manifests = {
  '/etc/kubernetes/manifests/etcd.yaml': aManifest('etcd', { 'listen-metrics-urls': 'http://127.0.0.1:2381' }),
  '/etc/kubernetes/manifests/kube-apiserver.yaml': aManifest('kube-apiserver', {
    'advertise-address': '192.0.2.10',
    'secure-port': '6443',
  }),
  '/etc/kubernetes/manifests/kube-scheduler.yaml': aManifest('kube-scheduler', { 'bind-address': '127.0.0.1' }),
};

/** A plane whose pods are these and whose health endpoints answer as told. */
function aWait(given: {
  readonly pods?: () => readonly AgentPod[];
  readonly health?: (url: string) => number;
  readonly context?: Partial<InitContext>;
  readonly host?: Partial<Host>;
}): TestContext {
  const { pods = () => [], health = () => 200 } = given;
  const request: Host['request'] = async (url) => ({ status: health(url), headers: {}, body: Buffer.from('') });
  return anInitContext({
    host: aHost(new MemoryHost(manifests), { request, ...given.host }),
    agent: anAgentDoor({ status: async () => anAgentStatus(pods()), pid: async () => 4711 }),
    kube: async () => aKubeClient({ raw: async (path) => ({ status: health(path), text: '' }) }),
    ...given.context,
  });
}

async function run(context: TestContext, forMs: number): Promise<unknown> {
  const result = (waitControlPlanePhase.run?.(context) ?? Promise.resolve()).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  for (let passed = 0; passed < forMs; passed += 250) await context.clock.advance(250);
  return result;
}

test('ends when every component is healthy, admin.conf is bound and may list namespaces', async () => {
  const context = aWait({});
  assert.equal(await run(context, 1000), undefined);
  assert.deepEqual(context.items.map(({ item, action }) => `${item} ${action}`).sort(), [
    'admin.conf works',
    'etcd healthy',
    'kube-apiserver healthy',
    'kube-scheduler healthy',
    'kubeadm:cluster-admins bind',
  ]);
});

test('says what is waited for, in which state and with which answer', async () => {
  const pods = () => [aComponentPod('kube-apiserver'), aComponentPod('etcd')];
  const context = aWait({
    pods,
    health: (url) => (url.includes('livez') ? 500 : 200),
    context: { waitTimeoutMs: 3000 },
  });
  await run(context, 4000);
  assert.ok(context.waits.some((text) => /kube-apiserver running [\d.]+ s, \/livez 500/.test(text)));
});

test('a component that exited for a reason that stays is explained at once', async () => {
  const exited = {
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 1, reason: 'Error' } },
  };
  const context = aWait({
    pods: () => [aComponentPod('kube-apiserver', exited)],
    health: () => 500,
    context: { lastLogLines: async () => ['Error: unknown flag: --no-such-flag'] },
  });
  const thrown = await run(context, 1000);
  assert.ok(thrown instanceof OperationError);
  assert.match(thrown.message, /kube-apiserver does not run: it exited with code 1/);
  assert.deepEqual(thrown.details, [
    'likely: the flag --no-such-flag does not exist [unknown-flag]',
    'its last lines:',
    '  Error: unknown flag: --no-such-flag',
  ]);
  assert.match(thrown.hint ?? '', /bootstrap logs kube-apiserver/);
});

test('names who holds the port that a component could not have', async () => {
  const context = aWait({
    pods: () => [aComponentPod('kube-scheduler', { state: { terminated: { exitCode: 1, reason: 'Error' } } })],
    health: (url) => (url.includes('10259') ? 500 : 200),
    host: { listeners: async (port) => [{ address: '127.0.0.1', port, pid: 99, program: 'python3' }] },
    context: { lastLogLines: async () => ['listen tcp 127.0.0.1:10259: bind: address already in use'] },
  });
  const thrown = await run(context, 1000);
  assert.ok(thrown instanceof OperationError);
  assert.equal(thrown.details[0], 'likely: port 10259 is in use by pid 99 (python3) [port-in-use]');
});

test('one exit for no reason that is known may be bad luck, two are a failure', async () => {
  let restartCount = 0;
  const lastState = { terminated: { exitCode: 2, reason: 'Error' } };
  const pods = () => [aComponentPod('etcd', { lastState, restartCount })];
  const context = aWait({ pods, health: (url) => (url.includes('2381') ? 503 : 200) });
  const result = run(context, 4000);
  await context.clock.advance(1);
  restartCount = 1;
  const waiting = await Promise.race([result, Promise.resolve('waits')]);
  assert.equal(waiting, 'waits');
  restartCount = 2;
  assert.match(String(await result), /etcd does not run: it exited with code 2, 2 times/);
});

test('a manifest that the agent refuses is never waited for', async () => {
  const rejected = [{ file: 'etcd.yaml', reason: 'spec.containers: required', lastGoodRuns: false }];
  const agent = anAgentDoor({ status: async () => anAgentStatus([], { rejected }), pid: async () => 1 });
  const thrown = await run(aWait({ health: () => 500, context: { agent } }), 1000);
  assert.match(String(thrown), /etcd does not run: its manifest is refused: spec.containers: required/);
});

test('an agent that has ended is never waited for', async () => {
  const thrown = await run(aWait({ health: () => 500, context: { agent: anAgentDoor() } }), 1000);
  assert.ok(thrown instanceof OperationError);
  assert.match(thrown.message, /the agent has ended/);
});

test('a time-out says who is late, in which state, and its last lines', async () => {
  const context = aWait({
    pods: () => [aComponentPod('kube-apiserver')],
    health: () => 500,
    context: { waitTimeoutMs: 2000, lastLogLines: async () => ['still starting'] },
  });
  const thrown = await run(context, 3000);
  assert.ok(thrown instanceof TimeoutError);
  assert.match(thrown.message, /not healthy after 2.0 s: etcd not started; kube-apiserver running/);
  assert.match(thrown.hint ?? '', /bootstrap logs etcd/);
});

test('without any manifest there is nothing to wait for, and the phase that makes them is named', async () => {
  const context = anInitContext();
  const thrown = await run(context, 250);
  assert.ok(thrown instanceof OperationError);
  assert.match(thrown.hint ?? '', /init phase control-plane/);
});
