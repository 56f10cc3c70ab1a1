import assert from 'node:assert/strict';
import test from 'node:test';
import { planPod } from '../../../src/agent/plan/plan-pod.ts';
import type { ObservedContainer } from '../../../src/runtime/runtime.ts';
import {
  aContainer,
  aDeadContainer,
  aDesired,
  anObserved,
  anObservedPod,
  aProbe,
  someFacts,
} from '../../fakes/agent-builders.ts';

const first = aContainer({ name: 'first' });
const second = aContainer({ name: 'second' });
const sidecar = aContainer({ name: 'side', restartPolicy: 'Always' });

function started(desired: ReturnType<typeof aDesired>, containers: readonly ObservedContainer[], facts = someFacts()) {
  const { actions } = planPod(desired, [anObservedPod({ containers })], facts);
  return actions.flatMap((action) =>
    action.do === 'start-container' ? [`${action.container}#${action.attempt}`] : [action.do],
  );
}

const done = (name: string) => aDeadContainer({ name, exitCode: 0, reason: 'Completed' });

test('runs init containers one after another, then the main ones', () => {
  const desired = aDesired({ initContainers: [first, second] });
  assert.deepEqual(started(desired, []), ['first#0']);
  assert.deepEqual(started(desired, [anObserved({ name: 'first' })]), []);
  assert.deepEqual(started(desired, [done('first')]), ['second#0']);
  assert.deepEqual(started(desired, [done('second'), done('first')]), ['app#0']);
});

test('tries a failed init container again with back-off', () => {
  const desired = aDesired({ initContainers: [first] });
  assert.deepEqual(started(desired, [aDeadContainer({ name: 'first' })]), ['first#1']);
  const again = aDeadContainer({ name: 'first', annotations: { 'kube-bootstrap/crashes': '9' } });
  assert.deepEqual(started(desired, [again]), []);
});

test('gives a pod of restartPolicy Never up when an init container failed', () => {
  const desired = aDesired({ initContainers: [first], restartPolicy: 'Never' });
  assert.deepEqual(started(desired, [aDeadContainer({ name: 'first' })]), ['stop-sandbox']);
});

test('does not run init containers again whose records are gone, once a later one was seen', () => {
  const desired = aDesired({ initContainers: [first, second] });
  assert.deepEqual(started(desired, [anObserved({ name: 'second' })]), []);
  assert.deepEqual(started(desired, [anObserved()]), []);
});

test('a sidecar lets the next container go once it has started', () => {
  const slow = { ...sidecar, startupProbe: aProbe() };
  const desired = aDesired({ initContainers: [slow, second] });
  assert.deepEqual(started(desired, []), ['side#0']);
  assert.deepEqual(started(desired, [anObserved({ name: 'side' })]), []);
  const probes = () => ({ startup: 'success', liveness: 'success', readiness: 'success' }) as const;
  assert.deepEqual(started(desired, [anObserved({ name: 'side' })], someFacts({ probes })), ['second#0']);
});

test('a sidecar is restarted whatever the policy, beside running main containers', () => {
  const desired = aDesired({ initContainers: [sidecar], restartPolicy: 'OnFailure' });
  assert.deepEqual(started(desired, [anObserved(), done('side')]), ['side#1']);
});

test('sidecars end after all others when the pod is over', () => {
  const desired = aDesired({ initContainers: [sidecar], restartPolicy: 'Never' });
  assert.deepEqual(started(desired, [done('app'), anObserved({ name: 'side' })]), ['stop-container', 'stop-sandbox']);
});
