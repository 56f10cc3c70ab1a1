import assert from 'node:assert/strict';
import test from 'node:test';
import { planPod } from '../../../src/agent/plan/plan-pod.ts';
import {
  aContainer,
  aDeadContainer,
  aDesired,
  anObserved,
  anObservedPod,
  someFacts,
  startMs,
} from '../../fakes/agent-builders.ts';
import { shown } from '../../fakes/shown-actions.ts';

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

test('begins to fetch a missing image, starts what has its image, and waits for one that is being fetched', () => {
  const desired = aDesired({ containers: [aContainer(), aContainer({ name: 'second' })] });
  const facts = (state: 'missing' | 'pulling') =>
    someFacts({
      image: ({ name }) =>
        name === 'second' ? { state: 'present' } : state === 'missing' ? { state } : { state, message: 'getting it' },
    });
  const missing = planPod(desired, [], facts('missing'));
  assert.deepEqual(shown(missing.actions), ['create-sandbox #0', 'pull-image app', 'start-container second#0']);
  const pulling = planPod(desired, [], facts('pulling'));
  assert.deepEqual(shown(pulling.actions), ['create-sandbox #0', 'start-container second#0']);
  assert.equal(pulling.waiting, 'getting it');
});

test('never uses an attempt again of which there is a log, though an older record is kept', () => {
  const plan = planPod(
    aDesired(),
    [anObservedPod({ containers: [aDeadContainer({ attempt: 2 })] })],
    someFacts({ loggedAttempt: () => 3 }),
  );
  assert.deepEqual(shown(plan.actions), ['start-container app#4']);
});

test('a pod that cannot run or is not admitted gets no sandbox and says why', () => {
  const refused = planPod(aDesired(), [], someFacts({ refusals: ['hostNetwork is false', 'no volumes'] }));
  assert.deepEqual(refused, { actions: [], waiting: 'cannot run here: hostNetwork is false; no volumes' });
  const busy = planPod(aDesired(), [], someFacts({ admissionRefusals: ['port 80 is in use'] }));
  assert.deepEqual(busy, { actions: [], waiting: 'is not admitted: port 80 is in use' });
});

test('a pod that stands is not touched by a later refusal; what ended in it is started by admission, not by refusal', () => {
  const desired = aDesired({ containers: [aContainer(), aContainer({ name: 'second' })] });
  const pod = anObservedPod({ containers: [anObserved(), aDeadContainer({ name: 'second' })] });
  const late = planPod(desired, [pod], someFacts({ admissionRefusals: ['port 80 is in use'] }));
  assert.deepEqual(shown(late.actions), ['start-container second#1']);
  const refused = planPod(desired, [pod], someFacts({ refusals: ['no such profile'] }));
  assert.deepEqual(refused, { actions: [], waiting: 'cannot run here: no such profile' });
});
