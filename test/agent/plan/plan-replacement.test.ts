import assert from 'node:assert/strict';
import test from 'node:test';
import type { ImageFact } from '../../../src/agent/plan/facts.ts';
import { planPod } from '../../../src/agent/plan/plan-pod.ts';
import { annotations } from '../../../src/runtime/labels.ts';
import type { ObservedContainer } from '../../../src/runtime/runtime.ts';
import {
  aDeadContainer,
  aDesired,
  anObserved,
  anObservedPod,
  aSandbox,
  someFacts,
  startMs,
} from '../../fakes/agent-builders.ts';
import { shown } from '../../fakes/shown-actions.ts';

const old = { name: 'web-node1', namespace: 'default', uid: 'uid0' };
const noted = { [annotations.configHash]: 'hash0' };
const oldContainer: Partial<ObservedContainer> = {
  id: 'old',
  pod: old,
  sandboxId: 'sandbox0',
  annotations: { ...noted, [annotations.podTerminationGracePeriod]: '77' },
};
const oldSandbox = aSandbox({ id: 'sandbox0', pod: old, annotations: noted });
const running = anObservedPod({ pod: old, sandboxes: [oldSandbox], containers: [anObserved(oldContainer)] });
const stopped = anObservedPod({
  pod: old,
  sandboxes: [{ ...oldSandbox, ready: false }],
  containers: [aDeadContainer(oldContainer)],
});
const image = (fact: ImageFact) => someFacts({ image: () => fact });

test('takes a pod without a manifest down with its own grace, from its labels, and clears it away at the next look', () => {
  assert.deepEqual(shown(planPod(undefined, [running], someFacts()).actions), [
    'stop-container old 77s',
    'stop-sandbox sandbox0',
  ]);
  assert.deepEqual(shown(planPod(undefined, [stopped], someFacts()).actions), [
    'remove-container old',
    'remove-sandbox sandbox0',
    'remove-pod-files',
  ]);
  assert.deepEqual(planPod(undefined, [], someFacts()), { actions: [] });
});

test('a manifest that comes back while its pod was being stopped: everything again, restartCount goes on', () => {
  const back = aDesired({}, { uid: 'uid0', hash: 'hash0' });
  assert.deepEqual(shown(planPod(back, [stopped], someFacts()).actions), [
    'create-sandbox #1',
    'start-container app#1',
  ]);
});

test('stops the old pod before the containers of the new one are planned; on the host’s network its sandbox is made meanwhile', () => {
  assert.deepEqual(shown(planPod(aDesired(), [running], someFacts()).actions), [
    'create-sandbox #0',
    'stop-container old 77s',
    'stop-sandbox sandbox0',
  ]);
});

test('starts the new pod at once when the old one has stopped, and clears that away last', () => {
  assert.deepEqual(shown(planPod(aDesired(), [stopped], someFacts()).actions), [
    'create-sandbox #0',
    'start-container app#0',
    'remove-container old',
    'remove-sandbox sandbox0',
    'remove-pod-files',
  ]);
});

test('leaves the old pod running until the images of the new one are there', () => {
  const missing = planPod(aDesired(), [running], image({ state: 'missing' }));
  assert.deepEqual(shown(missing.actions), ['pull-image app']);
  const pulling = planPod(aDesired(), [running], image({ state: 'pulling', message: 'getting example/app:1' }));
  assert.deepEqual(pulling, { actions: [], waiting: 'the old pod runs on: getting example/app:1' });
  const failing = image({ state: 'back-off', retryAtMs: startMs + 65_000, reason: 'no such host' });
  assert.deepEqual(planPod(aDesired(), [running], failing), {
    actions: [],
    recheckAfterMs: 5000,
    waiting: 'the old pod runs on: no such host',
  });
});

test('an old pod that does not run is not waited for', () => {
  const crashed = { ...running, containers: [aDeadContainer(oldContainer)] };
  assert.deepEqual(shown(planPod(aDesired(), [crashed], image({ state: 'missing' })).actions), [
    'stop-sandbox sandbox0',
  ]);
});

test('leaves the old pod running when the new one cannot run here or is not admitted', () => {
  const refused = planPod(aDesired(), [running], someFacts({ refusals: ['hostNetwork is false'] }));
  assert.deepEqual(refused, {
    actions: [],
    waiting: 'the old pod runs on: the new one cannot run here: hostNetwork is false',
  });
  const busy = planPod(aDesired(), [running], someFacts({ admissionRefusals: ['port 80 is in use'] }));
  assert.equal(busy.waiting, 'the old pod runs on: the new one is not admitted: port 80 is in use');
});

test('when two forms of a pod run, the one that is not desired ends at once', () => {
  const both = planPod(aDesired(), [running, anObservedPod()], image({ state: 'missing' }));
  assert.deepEqual(shown(both.actions), ['stop-container old 77s', 'stop-sandbox sandbox0']);
});

test('beside an old pod that is kept the new one starts at once; what is neither kept nor desired goes', () => {
  const kept = someFacts({ keptUid: 'uid0' });
  const third = { name: 'web-node1', namespace: 'default', uid: 'uid9' };
  const other = anObservedPod({
    pod: third,
    sandboxes: [aSandbox({ id: 'sandbox9', pod: third })],
    containers: [anObserved({ id: 'other', pod: third, sandboxId: 'sandbox9' })],
  });
  assert.deepEqual(shown(planPod(aDesired(), [running], kept).actions), ['create-sandbox #0', 'start-container app#0']);
  assert.deepEqual(planPod(aDesired(), [running, anObservedPod()], kept).actions, []);
  assert.deepEqual(planPod(aDesired(), [stopped, anObservedPod()], kept).actions, []);
  assert.deepEqual(shown(planPod(aDesired(), [running, anObservedPod(), other], kept).actions), [
    'stop-container other 30s',
    'stop-sandbox sandbox9',
  ]);
});

test('when the manifest goes back to the pod that is kept, the newer one goes and that one stays', () => {
  const back = aDesired({}, { uid: 'uid0', hash: 'hash0' });
  const plan = planPod(back, [running, anObservedPod()], someFacts({ keptUid: 'uid0' }));
  assert.deepEqual(shown(plan.actions), ['stop-container app-0 30s', 'stop-sandbox sandbox1']);
});

test('recreates a pod of a fixed UID whose content changed, keeping its files and freeing its names first', () => {
  const desired = aDesired({}, { hash: 'hash2' });
  assert.deepEqual(shown(planPod(desired, [anObservedPod()], someFacts()).actions), [
    'stop-container app-0 30s',
    'stop-sandbox sandbox1',
  ]);
  const ended = anObservedPod({ sandboxes: [aSandbox({ ready: false })], containers: [aDeadContainer()] });
  assert.deepEqual(shown(planPod(desired, [ended], someFacts()).actions), [
    'remove-container app-0',
    'remove-sandbox sandbox1',
  ]);
});

test('an old container in an unknown state is stopped and removed before the new pod starts', () => {
  const lost = { ...stopped, containers: [anObserved({ ...oldContainer, state: 'unknown' })] };
  assert.deepEqual(shown(planPod(aDesired(), [lost], someFacts()).actions), [
    'stop-container old 77s',
    'remove-container old',
    'remove-sandbox sandbox0',
    'remove-pod-files',
  ]);
});

const theirs = { ...running, foreign: true } as const;
const theirRemains = { ...stopped, foreign: true } as const;

test('another owner’s pod runs on until it is its turn, then it is replaced as an older form would be', () => {
  const notYet = planPod(aDesired(), [theirs], someFacts({ notYet: 'default/a is taken over before it' }));
  assert.deepEqual(notYet, { actions: [], waiting: 'the old pod runs on: default/a is taken over before it' });
  const plan = planPod(aDesired(), [theirs], someFacts());
  assert.deepEqual(shown(plan.actions), ['create-sandbox #0', 'stop-container old 77s', 'stop-sandbox sandbox0']);
  assert.equal(plan.actions[1]?.because, 'it is taken over from another owner');
});

test('what is left of another owner’s pod is cleared away last, and not before it may be', () => {
  const started = ['create-sandbox #0', 'start-container app#0'];
  const removed = ['remove-container old', 'remove-sandbox sandbox0', 'remove-pod-files'];
  assert.deepEqual(shown(planPod(aDesired(), [theirRemains], someFacts()).actions), [...started, ...removed]);
  const kept = someFacts({ keepsForeign: true });
  assert.deepEqual(shown(planPod(aDesired(), [theirRemains], kept).actions), started);
  assert.deepEqual(planPod(aDesired(), [theirRemains, anObservedPod()], kept).actions, []);
});

test('another owner’s pod of the very same UID is never taken for the desired one', () => {
  const same = { ...anObservedPod(), foreign: true } as const;
  assert.deepEqual(shown(planPod(aDesired(), [same], someFacts()).actions), [
    'stop-container app-0 30s',
    'stop-sandbox sandbox1',
  ]);
});
