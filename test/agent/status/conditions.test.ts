import assert from 'node:assert/strict';
import test from 'node:test';
import { type ConditionsInput, podConditions } from '../../../src/agent/status/conditions.ts';
import type { ContainerStatus, PodSpec } from '../../../src/kube/types.ts';
import { aContainer, aPod, aSandbox, startMs } from '../../fakes/agent-builders.ts';

const running: ContainerStatus = {
  name: 'app',
  state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
  lastState: {},
  ready: true,
  started: true,
  restartCount: 0,
  image: '',
  imageID: '',
};
const waiting: ContainerStatus = { ...running, state: { waiting: { reason: 'X' } }, ready: false, started: false };
const init = { ...waiting, name: 'init' };
const withInit = { initContainers: [aContainer({ name: 'init' })] };
const withSidecar = { initContainers: [aContainer({ name: 'init', restartPolicy: 'Always' })] };

function conditionsOf(change: Partial<ConditionsInput> = {}, spec: Partial<PodSpec> = {}) {
  const input = { phase: 'Running', statuses: [running], initStatuses: [], sandboxes: [aSandbox()], startMs } as const;
  return podConditions({ pod: aPod(spec), ...input, ...change });
}

const gist = (conditions: ReturnType<typeof podConditions>) =>
  conditions.map(({ status, reason }) => `${status.charAt(0)}${reason === undefined ? '' : `:${reason}`}`).join(' ');

test('conditions come in the kubelet’s order', () => {
  const order = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
  assert.deepEqual(
    conditionsOf().map(({ type }) => type),
    order,
  );
});

/** [case, change, spec, the five conditions in order]: kubernetes test/e2e_node/pod_conditions_test.go. */
const cases: readonly (readonly [string, Partial<ConditionsInput>, Partial<PodSpec>, string])[] = [
  ['runs and is ready', {}, {}, 'T T T T T'],
  ['runs, an init container is done', { initStatuses: [{ ...init, ready: true }] }, withInit, 'T T T T T'],
  [
    'no sandbox yet, no init containers',
    { phase: 'Pending', statuses: [waiting], sandboxes: [] },
    {},
    'F:PodSandboxNotReady T F:ContainersNotReady F:ContainersNotReady T',
  ],
  [
    'no sandbox yet, with init containers (volumes that do not mount)',
    { phase: 'Pending', statuses: [waiting], initStatuses: [init], sandboxes: [] },
    withInit,
    'F:PodSandboxNotReady F:ContainersNotInitialized F:ContainersNotReady F:ContainersNotReady T',
  ],
  [
    'an init container is not done',
    { phase: 'Pending', statuses: [waiting], initStatuses: [init] },
    withInit,
    'T F:ContainersNotInitialized F:ContainersNotReady F:ContainersNotReady T',
  ],
  [
    'a sidecar has started, the main has not',
    { phase: 'Pending', statuses: [waiting], initStatuses: [{ ...running, name: 'init' }] },
    withSidecar,
    'T T F:ContainersNotReady F:ContainersNotReady T',
  ],
  [
    'a sidecar starts again beside a running main',
    { initStatuses: [init] },
    withSidecar,
    'T T F:ContainersNotReady F:ContainersNotReady T',
  ],
  ['ended well', { phase: 'Succeeded', statuses: [waiting] }, {}, 'T T:PodCompleted F:PodCompleted F:PodCompleted T'],
  ['failed', { phase: 'Failed', statuses: [waiting] }, {}, 'T T F:PodFailed F:PodFailed T'],
  [
    'a readiness gate that nobody opens',
    {},
    { readinessGates: [{ conditionType: 'g' }] },
    'T T F:ReadinessGatesNotReady T T',
  ],
  ['its sandbox died', { sandboxes: [aSandbox({ ready: false })] }, {}, 'F:PodSandboxNotReady T T T T'],
  [
    'two sandboxes are ready',
    { sandboxes: [aSandbox({ attempt: 1 }), aSandbox()] },
    {},
    'F:PodSandboxNotReady T T T T',
  ],
  ['off the host network without an address', {}, { hostNetwork: false }, 'F:PodSandboxNotReady T T T T'],
];

for (const [what, change, spec, expected] of cases) {
  test(`conditions: ${what}`, () => {
    assert.equal(gist(conditionsOf(change, spec)), expected);
  });
}

test('a condition tells since when it is so, as far as that is known', () => {
  const transitionMs = (type: string, status: string) =>
    type === 'Ready' && status === 'True' ? startMs + 90_000 : undefined;
  const times = new Map(
    conditionsOf({ transitionMs }).map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
  );
  assert.equal(times.get('Ready'), '2026-01-01T00:01:30Z');
  assert.equal(times.get('PodScheduled'), '2026-01-01T00:00:00Z');
});

test('messages name the containers', () => {
  const [, initialized, ready] = conditionsOf(
    { phase: 'Pending', statuses: [waiting, { ...waiting, name: 'second' }], initStatuses: [init] },
    withInit,
  );
  assert.equal(initialized?.message, 'containers with incomplete status: [init]');
  assert.equal(ready?.message, 'containers with unready status: [app second]');
});
