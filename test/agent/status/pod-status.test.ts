import assert from 'node:assert/strict';
import test from 'node:test';
import type { StatusFacts } from '../../../src/agent/status/container-status.ts';
import { podStatus } from '../../../src/agent/status/pod-status.ts';
import type { PodSpec } from '../../../src/kube/types.ts';
import type { ObservedContainer } from '../../../src/runtime/runtime.ts';
import { aContainer, aDeadContainer, anObserved, aPod, aProbe, aSandbox, startMs } from '../../fakes/agent-builders.ts';

function statusOf(
  containers: readonly ObservedContainer[],
  spec: Partial<PodSpec> = {},
  facts: Partial<StatusFacts> = {},
) {
  return podStatus({
    pod: aPod(spec),
    uid: 'uid1',
    sandboxes: [aSandbox()],
    containers,
    startMs,
    facts: {
      nowMs: startMs + 1500,
      runtimeType: 'docker',
      hostIPs: ['192.0.2.10'],
      maxRestartPeriodMs: 300_000,
      probes: () => undefined,
      failure: () => undefined,
      terminationMessage: () => undefined,
      ...facts,
    },
  });
}

const side = aContainer({ name: 'side', restartPolicy: 'Always' });
const init = aContainer({ name: 'init' });
const crashed = aDeadContainer({ attempt: 2, annotations: { 'kube-bootstrap/crashes': '2' } });

test('phases follow the kubelet’s rules', () => {
  const cases: readonly (readonly [string, ReturnType<typeof statusOf>])[] = [
    ['Pending', statusOf([])],
    ['Running', statusOf([anObserved()])],
    ['Running', statusOf([crashed])],
    ['Running', statusOf([aDeadContainer({ exitCode: 0 })])],
    ['Succeeded', statusOf([aDeadContainer({ exitCode: 0 })], { restartPolicy: 'OnFailure' })],
    ['Failed', statusOf([aDeadContainer()], { restartPolicy: 'Never' })],
    ['Pending', statusOf([anObserved({ name: 'init' })], { initContainers: [init] })],
    ['Failed', statusOf([aDeadContainer({ name: 'init' })], { initContainers: [init], restartPolicy: 'Never' })],
    [
      'Succeeded',
      statusOf([aDeadContainer({ exitCode: 0 }), anObserved({ name: 'side' })], {
        initContainers: [side],
        restartPolicy: 'Never',
      }),
    ],
  ];
  assert.deepEqual(
    cases.map(([, { phase }]) => phase),
    cases.map(([phase]) => phase),
  );
});

test('conditions come in the kubelet’s order with its reasons', () => {
  const containers = [aContainer({ readinessProbe: aProbe() }), aContainer({ name: 'second' })];
  const { conditions } = statusOf([anObserved()], { containers });
  assert.deepEqual(
    conditions.map(({ type, status }) => `${type}=${status}`),
    ['PodReadyToStartContainers=True', 'Initialized=True', 'Ready=False', 'ContainersReady=False', 'PodScheduled=True'],
  );
  assert.equal(conditions[2]?.reason, 'ContainersNotReady');
  assert.equal(conditions[2]?.message, 'containers with unready status: [app second]');
});

test('a running container is started by its startup probe and ready by its readiness probe', () => {
  const spec = { containers: [aContainer({ startupProbe: aProbe(), readinessProbe: aProbe() })] };
  const probes = (startup: 'unknown' | 'success', readiness: 'success' | 'failure') => () =>
    ({ startup, liveness: 'success', readiness }) as const;
  const seen = (facts: Partial<StatusFacts>) => statusOf([anObserved()], spec, facts).containerStatuses[0];
  assert.deepEqual([seen({})?.started, seen({})?.ready], [false, false]);
  assert.equal(seen({ probes: probes('unknown', 'success') })?.ready, false);
  assert.equal(seen({ probes: probes('success', 'failure') })?.started, true);
  assert.equal(seen({ probes: probes('success', 'success') })?.ready, true);
});

test('a container that waits for its restart shows why, and how it ended before', () => {
  const [status] = statusOf([crashed], {}, { terminationMessage: () => 'bad flag' }).containerStatuses;
  assert.equal(status?.state.waiting?.reason, 'CrashLoopBackOff');
  assert.equal(status?.lastState.terminated?.message, 'bad flag');
  assert.equal(status?.restartCount, 2);
  assert.equal(status?.containerID, 'docker://app-2');
});

test('a container that cannot be started shows the reason of the failure', () => {
  const failure = () => ({ reason: 'ErrImagePull', message: 'no such host' });
  assert.deepEqual(statusOf([], {}, { failure }).containerStatuses[0]?.state, { waiting: failure() });
});

test('while init containers run the others are initializing', () => {
  const { containerStatuses, initContainerStatuses, conditions } = statusOf([anObserved({ name: 'init' })], {
    initContainers: [init],
  });
  assert.equal(containerStatuses[0]?.state.waiting?.reason, 'PodInitializing');
  assert.notEqual(initContainerStatuses?.[0]?.state.running, undefined);
  assert.equal(conditions[1]?.reason, 'ContainersNotInitialized');
});
