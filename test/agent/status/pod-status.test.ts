import assert from 'node:assert/strict';
import test from 'node:test';
import type { PodOver } from '../../../src/agent/plan/facts.ts';
import type { StatusFacts } from '../../../src/agent/status/container-status.ts';
import { podStatus } from '../../../src/agent/status/pod-status.ts';
import type { PodSpec } from '../../../src/kube/types.ts';
import type { ObservedContainer } from '../../../src/runtime/runtime.ts';
import { aContainer, aDeadContainer, anObserved, aPod, aProbe, aSandbox, startMs } from '../../fakes/agent-builders.ts';

function statusOf(
  containers: readonly ObservedContainer[],
  spec: Partial<PodSpec> = {},
  facts: Partial<StatusFacts> = {},
  over?: PodOver,
) {
  return podStatus({
    pod: aPod(spec),
    uid: 'uid1',
    sandboxes: [aSandbox()],
    containers,
    startMs,
    over,
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

const ended = (exitCode: number, change: Partial<ObservedContainer> = {}) => aDeadContainer({ exitCode, ...change });
const second = aContainer({ name: 'second' });
const both = { containers: [aContainer(), second] };

/** [what is there, spec, the kubelet's phase] after kubelet_pods_test.go TestPodPhaseWith… of kubernetes v1.37.2. */
const phases: readonly (readonly [string, readonly ObservedContainer[], Partial<PodSpec>, string])[] = [
  ['nothing yet', [], {}, 'Pending'],
  ['all run', [anObserved(), anObserved({ name: 'second' })], both, 'Running'],
  ['one runs, the other was never started', [anObserved()], both, 'Pending'],
  [
    'one runs, the other ended',
    [anObserved(), ended(0, { name: 'second' })],
    { ...both, restartPolicy: 'Never' },
    'Running',
  ],
  ['Always: ended well', [ended(0)], {}, 'Running'],
  ['Always: crash loop', [crashed], {}, 'Running'],
  ['OnFailure: ended well', [ended(0)], { restartPolicy: 'OnFailure' }, 'Succeeded'],
  ['OnFailure: failed', [ended(1)], { restartPolicy: 'OnFailure' }, 'Running'],
  [
    'OnFailure: one well, one failed',
    [ended(0), ended(1, { name: 'second' })],
    { ...both, restartPolicy: 'OnFailure' },
    'Running',
  ],
  ['Never: ended well', [ended(0)], { restartPolicy: 'Never' }, 'Succeeded'],
  ['Never: failed', [ended(1)], { restartPolicy: 'Never' }, 'Failed'],
  [
    'Never: one well, one failed',
    [ended(0), ended(1, { name: 'second' })],
    { ...both, restartPolicy: 'Never' },
    'Failed',
  ],
  [
    'Never, but the container says Always',
    [ended(1)],
    { restartPolicy: 'Never', containers: [aContainer({ restartPolicy: 'Always' })] },
    'Running',
  ],
  [
    'Always, but the container says Never',
    [ended(1)],
    { containers: [aContainer({ restartPolicy: 'Never' })] },
    'Failed',
  ],
  ['made but not started', [anObserved({ state: 'created' })], {}, 'Pending'],
  ['init runs', [anObserved({ name: 'init' })], { initContainers: [init] }, 'Pending'],
  ['init is done', [ended(0, { name: 'init' })], { initContainers: [init] }, 'Pending'],
  ['init failed, Always', [ended(1, { name: 'init' })], { initContainers: [init] }, 'Pending'],
  ['init failed, Never', [ended(1, { name: 'init' })], { initContainers: [init], restartPolicy: 'Never' }, 'Failed'],
  [
    'init runs again in a new sandbox',
    [anObserved({ name: 'init', attempt: 1, sandboxId: 'sandbox1' }), ended(137, { sandboxId: 'old' })],
    { initContainers: [init] },
    'Pending',
  ],
  [
    'sidecar starts',
    [anObserved({ name: 'side' })],
    { initContainers: [aContainer({ name: 'side', restartPolicy: 'Always', startupProbe: aProbe() })] },
    'Pending',
  ],
  ['sidecar runs, main was never started', [anObserved({ name: 'side' })], { initContainers: [side] }, 'Pending'],
  ['sidecar and main run', [anObserved({ name: 'side' }), anObserved()], { initContainers: [side] }, 'Running'],
  ['sidecar ended, main runs', [ended(1, { name: 'side' }), anObserved()], { initContainers: [side] }, 'Running'],
  [
    'sidecar starts again beside a main',
    [anObserved({ name: 'side', attempt: 1 }), anObserved()],
    { initContainers: [aContainer({ name: 'side', restartPolicy: 'Always', startupProbe: aProbe() })] },
    'Running',
  ],
  [
    'main ended for good, sidecar still runs',
    [ended(0), anObserved({ name: 'side' })],
    { initContainers: [side], restartPolicy: 'Never' },
    'Running',
  ],
  [
    'main and sidecar ended',
    [ended(0), ended(137, { name: 'side' })],
    { initContainers: [side], restartPolicy: 'Never' },
    'Succeeded',
  ],
];

for (const [what, containers, spec, phase] of phases) {
  test(`phase ${phase}: ${what}`, () => {
    assert.equal(statusOf(containers, spec).phase, phase);
  });
}

test('a pod whose time is up has failed, unless it ended before', () => {
  const spec = { activeDeadlineSeconds: 1, restartPolicy: 'Never' } as const;
  const late = statusOf([ended(143, { finishedAtMs: startMs + 2100 })], spec, { nowMs: startMs + 3000 });
  assert.deepEqual([late.phase, late.reason], ['Failed', 'DeadlineExceeded']);
  assert.equal(statusOf([anObserved()], spec).phase, 'Running');
  assert.equal(late.message, 'Pod was active on the node longer than the specified deadline');
  assert.equal(statusOf([ended(0)], spec).phase, 'Succeeded');
  assert.equal(statusOf([anObserved()], { activeDeadlineSeconds: 2 }).phase, 'Running');
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

test('a pod is over only once none of its containers runs, whatever was decided', () => {
  const over = { phase: 'Failed' } as const;
  const spec = { ...both, initContainers: [side], restartPolicy: 'Never' } as const;
  const stopping = [ended(1), ended(0, { name: 'second' }), anObserved({ name: 'side' })];
  assert.equal(statusOf(stopping, spec, {}, over).phase, 'Running');
  assert.equal(statusOf([anObserved({ name: 'side' })], spec, {}, over).phase, 'Pending');
  assert.equal(
    statusOf([ended(1), ended(0, { name: 'second' }), ended(137, { name: 'side' })], spec, {}, over).phase,
    'Failed',
  );
});

test('before the prober knows a container, what the agent before us knew holds', () => {
  const spec = { containers: [aContainer({ startupProbe: aProbe(), readinessProbe: aProbe() })] };
  const remembered = () => ({ started: true, ready: true });
  const [status] = statusOf([anObserved()], spec, { remembered }).containerStatuses;
  assert.deepEqual([status?.started, status?.ready], [true, true]);
});

test('a container whose record somebody removed shows that nobody knows how it ended', () => {
  const [again] = statusOf([anObserved({ attempt: 3 })]).containerStatuses;
  assert.equal(again?.lastState.terminated?.reason, 'ContainerStatusUnknown');
  assert.equal(again?.lastState.terminated?.exitCode, 137);
  const missing = statusOf([], {}, { loggedAttempt: () => 2 });
  assert.equal(missing.containerStatuses[0]?.restartCount, 3);
  assert.equal(missing.containerStatuses[0]?.lastState.terminated?.reason, 'ContainerStatusUnknown');
  assert.equal(missing.phase, 'Running');
});

test('a container that was removed to restart the whole pod says so', () => {
  const [status] = statusOf([
    anObserved({ attempt: 1, annotations: { 'kube-bootstrap/restart-all-round': '1' } }),
  ]).containerStatuses;
  assert.equal(status?.lastState.terminated?.reason, 'RestartingAllContainers');
});

test('an init container whose record is gone counts as done once a main container was made', () => {
  const status = statusOf([anObserved()], { initContainers: [init, side] });
  const [done, sidecar] = status.initContainerStatuses ?? [];
  assert.equal(done?.state.terminated?.reason, 'Completed');
  assert.match(done?.state.terminated?.message ?? '', /^Unable to get init container status from container runtime/);
  assert.equal(done?.ready, true);
  assert.equal(sidecar?.state.waiting?.reason, 'PodInitializing');
});

test('images, resources and times are told as the API tells them', () => {
  const resources = { requests: { cpu: '100m' }, limits: { memory: '64Mi' } };
  const seen = anObserved({ image: 'sha256:1', imageId: 'sha256:1' });
  const [status] = statusOf([seen], { containers: [aContainer({ resources })] }).containerStatuses;
  assert.equal(status?.image, 'example/app:1');
  assert.equal(status?.imageID, 'docker://sha256:1');
  assert.deepEqual(status?.resources, resources);
  assert.deepEqual(status?.allocatedResources, { cpu: '100m' });
  assert.equal(status?.state.running?.startedAt, '2026-01-01T00:00:00Z');
  const pulled = statusOf([anObserved({ imageId: 'docker.io/app@sha256:2' })]).containerStatuses[0];
  assert.equal(pulled?.imageID, 'docker-pullable://docker.io/app@sha256:2');
});

test('what the runtime says of an end is shown where the container left no words', () => {
  const dead = aDeadContainer({ message: 'exec: "/none": no such file' });
  const [status] = statusOf([dead], { restartPolicy: 'Never' }, { terminationMessage: () => '' }).containerStatuses;
  assert.equal(status?.state.terminated?.message, 'exec: "/none": no such file');
});

test('a back-off is written as Go writes durations', () => {
  const dead = aDeadContainer({ attempt: 4, annotations: { 'kube-bootstrap/crashes': '4' } });
  const [status] = statusOf([dead]).containerStatuses;
  assert.match(
    status?.state.waiting?.message ?? '',
    /^back-off 1m20s restarting failed container=app pod=web-node1_default/,
  );
});

test('while init containers run the others are initializing', () => {
  const { containerStatuses, initContainerStatuses, conditions } = statusOf([anObserved({ name: 'init' })], {
    initContainers: [init],
  });
  assert.equal(containerStatuses[0]?.state.waiting?.reason, 'PodInitializing');
  assert.notEqual(initContainerStatuses?.[0]?.state.running, undefined);
  assert.equal(conditions[1]?.reason, 'ContainersNotInitialized');
});
