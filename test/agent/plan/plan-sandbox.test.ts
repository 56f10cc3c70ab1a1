import assert from 'node:assert/strict';
import test from 'node:test';
import { planPod } from '../../../src/agent/plan/plan-pod.ts';
import {
  aContainer,
  aDeadContainer,
  aDesired,
  anObserved,
  anObservedPod,
  aSandbox,
  someFacts,
} from '../../fakes/agent-builders.ts';
import { shown } from '../../fakes/shown-actions.ts';

const dead = aSandbox({ ready: false });
const init = aContainer({ name: 'first' });

test('makes a new sandbox when the old one is gone, after what still runs in it was stopped', () => {
  const lost = anObservedPod({ sandboxes: [dead] });
  const { actions } = planPod(aDesired(), [lost], someFacts());
  assert.deepEqual(shown(actions), ['stop-container app-0 30s']);
  assert.ok(actions.every((action) => action.do === 'stop-container' && action.restart === 'at-once'));
  const stopped = { ...lost, containers: [aDeadContainer()] };
  assert.deepEqual(shown(planPod(aDesired(), [stopped], someFacts()).actions), [
    'create-sandbox #1',
    'start-container app#1',
  ]);
});

test('what was stopped because its sandbox was gone starts at once, and that counts as no crash', () => {
  const container = aDeadContainer({ exitCode: 0, annotations: { 'kube-bootstrap/crashes': '5' } });
  const pod = anObservedPod({ sandboxes: [dead], containers: [container] });
  const plan = planPod(
    aDesired({ restartPolicy: 'OnFailure' }),
    [pod],
    someFacts({ restartAfterStop: () => 'at-once' }),
  );
  assert.deepEqual(shown(plan.actions), ['create-sandbox #1', 'start-container app#1']);
  assert.ok(plan.actions.some((action) => action.do === 'start-container' && action.crashes === 5));
});

test('runs all init containers again in a new sandbox, without back-off for those that had succeeded', () => {
  const done = aDeadContainer({ name: 'first', exitCode: 0, annotations: { 'kube-bootstrap/crashes': '9' } });
  const pod = anObservedPod({ sandboxes: [dead], containers: [done, aDeadContainer()] });
  const plan = planPod(aDesired({ initContainers: [init] }), [pod], someFacts());
  assert.deepEqual(shown(plan.actions), ['create-sandbox #1', 'start-container first#1']);
});

test('replaces a sandbox of the wrong network, one without an address, and several that stand', () => {
  const cases = [
    { hostNetwork: true, sandboxes: [aSandbox({ hostNetwork: false, ips: ['10.0.0.2'] })] },
    { hostNetwork: false, sandboxes: [aSandbox({ hostNetwork: false, ips: [] })] },
    { hostNetwork: true, sandboxes: [aSandbox({ id: 'sandbox2', attempt: 1 }), aSandbox()] },
  ];
  for (const { hostNetwork, sandboxes } of cases) {
    const plan = planPod(aDesired({ hostNetwork }), [anObservedPod({ sandboxes })], someFacts());
    const stops = sandboxes.map(({ id }) => `stop-sandbox ${id}`);
    assert.deepEqual(shown(plan.actions), ['stop-container app-0 30s', ...stops]);
  }
});

test('keeps what runs when the new sandbox that it needs cannot be made now', () => {
  const lost = anObservedPod({ sandboxes: [dead] });
  const plan = planPod(aDesired(), [lost], someFacts({ admissionRefusals: ['port 80 is in use'] }));
  assert.deepEqual(plan, { actions: [], waiting: 'is not admitted: port 80 is in use' });
});

test('never starts a pod of restartPolicy Never twice, unless nothing of it ever ran', () => {
  const desired = aDesired({ restartPolicy: 'Never', containers: [aContainer(), aContainer({ name: 'second' })] });
  const begun = anObservedPod({ sandboxes: [dead], containers: [aDeadContainer()] });
  const plan = planPod(desired, [begun], someFacts());
  assert.deepEqual(plan.actions, []);
  assert.match(plan.waiting ?? '', /restartPolicy Never/);
  const unborn = anObservedPod({ sandboxes: [dead], containers: [anObserved({ state: 'created' })] });
  assert.equal(shown(planPod(desired, [unborn], someFacts()).actions)[0], 'create-sandbox #1');
});

test('a container of its own policy comes back in a new sandbox; what has ended for good does not', () => {
  const second = aContainer({ name: 'second', restartPolicy: 'Always' });
  const desired = aDesired({ restartPolicy: 'Never', containers: [aContainer(), second] });
  const containers = [aDeadContainer({ exitCode: 0 }), aDeadContainer({ name: 'second' })];
  const plan = planPod(desired, [anObservedPod({ sandboxes: [dead], containers })], someFacts());
  assert.deepEqual(shown(plan.actions), ['create-sandbox #1', 'start-container second#1']);
});

test('clears away empty sandboxes that are over, but the newest', () => {
  const sandboxes = [aSandbox({ id: 'new', attempt: 2 }), aSandbox({ id: 'mid', attempt: 1, ready: false }), dead];
  const containers = [anObserved({ sandboxId: 'new', attempt: 2 }), aDeadContainer({ attempt: 1, sandboxId: 'mid' })];
  const plan = planPod(aDesired(), [anObservedPod({ sandboxes, containers })], someFacts());
  assert.deepEqual(shown(plan.actions), ['remove-sandbox sandbox1']);
});

test('keeps the newest sandbox of a pod that is over: attempts are counted by it', () => {
  const sandboxes = [
    aSandbox({ id: 'last', attempt: 2, ready: false }),
    aSandbox({ id: 'mid', attempt: 1, ready: false }),
    dead,
  ];
  const pod = anObservedPod({ sandboxes, containers: [aDeadContainer({ exitCode: 0 })] });
  const plan = planPod(aDesired({ restartPolicy: 'Never' }), [pod], someFacts());
  assert.deepEqual(shown(plan.actions), ['remove-sandbox mid']);
});

test('containers whose sandbox was removed by hand are stopped and made again in a new one', () => {
  const lost = anObservedPod({ sandboxes: [] });
  assert.deepEqual(shown(planPod(aDesired(), [lost], someFacts()).actions), ['stop-container app-0 30s']);
  const stopped = { ...lost, containers: [aDeadContainer()] };
  const { actions } = planPod(aDesired(), [stopped], someFacts({ restartAfterStop: () => 'at-once' }));
  assert.deepEqual(shown(actions), ['create-sandbox #0', 'start-container app#1']);
  assert.equal(actions[0]?.because, 'its sandbox is gone or does not fit');
});
