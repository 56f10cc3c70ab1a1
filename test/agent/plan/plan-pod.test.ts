import assert from 'node:assert/strict';
import test from 'node:test';
import type { PodAction } from '../../../src/agent/plan/actions.ts';
import { planPod } from '../../../src/agent/plan/plan-pod.ts';
import { annotations } from '../../../src/runtime/labels.ts';
import {
  aContainer,
  aDeadContainer,
  aDesired,
  anObserved,
  anObservedPod,
  aProbe,
  aSandbox,
  someFacts,
  startMs,
} from '../../fakes/agent-builders.ts';

/** `do target` of each action. */
function shown(actions: readonly PodAction[]): readonly string[] {
  return actions.map((action) => {
    const target = 'container' in action ? action.container : 'id' in action ? action.id : '';
    const attempt = 'attempt' in action ? `#${action.attempt}` : '';
    const grace = 'graceSeconds' in action ? ` ${action.graceSeconds}s` : '';
    return `${action.do} ${target}${attempt}${grace}`.trim();
  });
}

const old = { name: 'web-node1', namespace: 'default', uid: 'uid0' };
const oldAnnotations = { [annotations.configHash]: 'hash0' };
const oldPod = anObservedPod({
  pod: old,
  sandboxes: [aSandbox({ id: 'sandbox0', pod: old, annotations: oldAnnotations })],
  containers: [
    anObserved({
      id: 'old',
      pod: old,
      sandboxId: 'sandbox0',
      annotations: { ...oldAnnotations, [annotations.podTerminationGracePeriod]: '77' },
    }),
  ],
});

test('makes sandbox and containers of a pod that is not there', () => {
  const desired = aDesired({ containers: [aContainer(), aContainer({ name: 'second' })] });
  assert.deepEqual(shown(planPod(desired, [], someFacts()).actions), [
    'create-sandbox #0',
    'start-container app#0',
    'start-container second#0',
  ]);
});

test('does nothing when all is as it should be', () => {
  assert.deepEqual(planPod(aDesired(), [anObservedPod()], someFacts()), { actions: [] });
});

test('takes a pod without a manifest down with its own grace, from its labels', () => {
  assert.deepEqual(shown(planPod(undefined, [oldPod], someFacts()).actions), [
    'stop-container old 77s',
    'stop-sandbox sandbox0',
    'remove-container old',
    'remove-sandbox sandbox0',
    'remove-pod-files',
  ]);
});

test('stops the old pod before the new one is planned', () => {
  const { actions } = planPod(aDesired(), [oldPod], someFacts());
  assert.equal(shown(actions)[0], 'stop-container old 77s');
  assert.ok(!shown(actions).some((action) => action.startsWith('create') || action.startsWith('start')));
});

test('gets the new image before the old pod is stopped', () => {
  const { actions } = planPod(aDesired(), [oldPod], someFacts({ image: () => ({ state: 'missing' }) }));
  assert.deepEqual(shown(actions).slice(0, 2), ['pull-image app', 'stop-container old 77s']);
});

test('leaves the old pod running while the new image cannot be had', () => {
  const image = () => ({ state: 'back-off', retryAtMs: startMs + 65_000, reason: 'no such host' }) as const;
  const plan = planPod(aDesired(), [oldPod], someFacts({ image }));
  assert.deepEqual(plan, { actions: [], recheckAfterMs: 5000, waiting: 'the old pod runs on: no such host' });
});

test('leaves the old pod running when the new one cannot run here', () => {
  const plan = planPod(aDesired(), [oldPod], someFacts({ refusals: ['hostNetwork is false'] }));
  assert.deepEqual(plan.actions, []);
  assert.match(plan.waiting ?? '', /hostNetwork is false/);
});

test('recreates a pod of a fixed UID whose content changed, keeping its files', () => {
  const desired = aDesired({}, { hash: 'hash2' });
  const actions = shown(planPod(desired, [anObservedPod()], someFacts()).actions);
  assert.deepEqual(actions, [
    'stop-container app-0 30s',
    'stop-sandbox sandbox1',
    'remove-container app-0',
    'remove-sandbox sandbox1',
  ]);
});

test('restarts a container that ended, at once the first time', () => {
  const plan = planPod(aDesired(), [anObservedPod({ containers: [aDeadContainer()] })], someFacts());
  assert.deepEqual(shown(plan.actions), ['start-container app#1']);
  assert.match(plan.actions[0]?.because ?? '', /exited with code 1/);
});

test('waits exactly until the back-off of a crashing container is over', () => {
  const dead = aDeadContainer({ attempt: 2, annotations: { 'kube-bootstrap/crashes': '2' } });
  const plan = planPod(
    aDesired(),
    [anObservedPod({ containers: [dead] })],
    someFacts({ nowMs: startMs + 1000 + 7500 }),
  );
  assert.deepEqual(plan.actions, []);
  assert.equal(plan.recheckAfterMs, 12_500);
  assert.equal(plan.waiting, 'back-off 20s restarting failed container=app pod=web-node1_default(uid1)');
});

test('a clock that was set back does not lengthen the back-off', () => {
  const dead = aDeadContainer({ annotations: { 'kube-bootstrap/crashes': '1' } });
  const plan = planPod(aDesired(), [anObservedPod({ containers: [dead] })], someFacts({ nowMs: startMs - 86_400_000 }));
  assert.equal(plan.recheckAfterMs, 10_000);
});

test('starts a container again that was made but never started, under its own number', () => {
  const created = anObserved({ state: 'created', attempt: 3 });
  const plan = planPod(aDesired(), [anObservedPod({ containers: [created] })], someFacts());
  assert.deepEqual(shown(plan.actions), ['start-container app#3']);
});

test('counts on from the log of a container whose record was removed', () => {
  const plan = planPod(aDesired(), [anObservedPod({ containers: [] })], someFacts({ loggedAttempt: () => 4 }));
  assert.deepEqual(shown(plan.actions), ['start-container app#5']);
});

test('stops a container whose liveness probe failed, with the grace of the probe', () => {
  const livenessProbe = aProbe({ terminationGracePeriodSeconds: 5 });
  const probes = () => ({ startup: 'success', liveness: 'failure', readiness: 'success' }) as const;
  const desired = aDesired({ containers: [aContainer({ livenessProbe })] });
  assert.deepEqual(shown(planPod(desired, [anObservedPod()], someFacts({ probes })).actions), [
    'stop-container app-0 5s',
  ]);
});

test('makes a new sandbox when the old one is gone, after what still runs in it was stopped', () => {
  const dead = anObservedPod({ sandboxes: [aSandbox({ ready: false })] });
  assert.deepEqual(shown(planPod(aDesired(), [dead], someFacts()).actions), ['stop-container app-0 30s']);
  const stopped = { ...dead, containers: [aDeadContainer()] };
  assert.deepEqual(shown(planPod(aDesired(), [stopped], someFacts()).actions), [
    'create-sandbox #1',
    'start-container app#1',
  ]);
});

test('holds containers back without holding back the sandbox', () => {
  const plan = planPod(aDesired(), [], someFacts({ heldBack: 'waiting for https://127.0.0.1:6443/livez to answer' }));
  assert.deepEqual(shown(plan.actions), ['create-sandbox #0']);
  assert.match(plan.waiting ?? '', /livez/);
});

test('a container that backs off does not delay the others', () => {
  const desired = aDesired({ containers: [aContainer(), aContainer({ name: 'second' })] });
  const dead = aDeadContainer({ annotations: { 'kube-bootstrap/crashes': '9' } });
  const plan = planPod(desired, [anObservedPod({ containers: [dead] })], someFacts());
  assert.deepEqual(shown(plan.actions), ['start-container second#0']);
});

test('keeps the newest dead container of a name and removes the others', () => {
  const containers = [anObserved({ attempt: 3 }), aDeadContainer({ attempt: 2 }), aDeadContainer({ attempt: 1 })];
  const plan = planPod(aDesired(), [anObservedPod({ containers })], someFacts());
  assert.deepEqual(shown(plan.actions), ['remove-container app-1']);
});

test('ends a pod whose containers are not restarted, and leaves it ended', () => {
  const desired = aDesired({ restartPolicy: 'OnFailure' });
  const done = anObservedPod({ containers: [aDeadContainer({ exitCode: 0 })] });
  assert.deepEqual(shown(planPod(desired, [done], someFacts()).actions), ['stop-sandbox sandbox1']);
  const stopped = { ...done, sandboxes: [aSandbox({ ready: false })] };
  assert.deepEqual(planPod(desired, [stopped], someFacts()).actions, []);
});

test('never starts a pod of restartPolicy Never twice', () => {
  const desired = aDesired({ restartPolicy: 'Never' });
  const lost = anObservedPod({ sandboxes: [aSandbox({ ready: false })], containers: [aDeadContainer()] });
  assert.deepEqual(planPod(desired, [lost], someFacts()).actions, []);
});
