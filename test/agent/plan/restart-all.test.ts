import assert from 'node:assert/strict';
import test from 'node:test';
import type { PodFacts } from '../../../src/agent/plan/facts.ts';
import { planPod } from '../../../src/agent/plan/plan-pod.ts';
import type { PodSpec } from '../../../src/kube/types.ts';
import type { ObservedContainer } from '../../../src/runtime/runtime.ts';
import {
  aContainer,
  aDeadContainer,
  aDesired,
  anObserved,
  anObservedPod,
  someFacts,
} from '../../fakes/agent-builders.ts';
import { shown } from '../../fakes/shown-actions.ts';

const init = aContainer({ name: 'init' });
const side = aContainer({ name: 'side', restartPolicy: 'Always' });
const source = aContainer({
  restartPolicy: 'Never',
  restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }],
});
const regular = aContainer({ name: 'regular' });
const spec: Partial<PodSpec> = { restartPolicy: 'Never', initContainers: [init, side], containers: [source, regular] };

const round = (number: number) => ({ annotations: { 'kube-bootstrap/restart-all-round': String(number) } });
const seen = (name: string, change: Partial<ObservedContainer> = {}) => anObserved({ name, ...change });
const ended = (name: string, exitCode: number, change: Partial<ObservedContainer> = {}) =>
  aDeadContainer({ name, exitCode, ...change });

const actionsOf = (containers: readonly ObservedContainer[], facts: Partial<PodFacts> = {}) =>
  planPod(aDesired(spec), [anObservedPod({ containers })], someFacts(facts)).actions;

test('an exit with the code of the rule stops all others without grace, mains before sidecars', () => {
  const actions = actionsOf([
    ended('init', 0),
    seen('side', { annotations: { 'kube-bootstrap/stop-order': '1' } }),
    ended('app', 42),
    seen('regular'),
  ]);
  assert.deepEqual(shown(actions).toSorted(), ['stop-container regular-0 0s', 'stop-container side-0 0s']);
  assert.equal(actions[0]?.because, 'all containers of the pod are restarted: app exited with code 42');
});

test('then everything starts again in order, init containers first, in the same sandbox, with the next attempts', () => {
  const stopped = [ended('init', 0), ended('side', 137), ended('app', 42), ended('regular', 137)];
  const first = actionsOf(stopped);
  assert.deepEqual(shown(first), ['start-container init#1']);
  assert.ok(first.every((action) => action.do === 'start-container' && action.round === 1));
  const again = [ended('init', 0, { attempt: 1, ...round(1) }), ...stopped.slice(1)];
  assert.deepEqual(shown(actionsOf(again)), ['start-container side#1']);
  const sided = [seen('side', { attempt: 1, ...round(1) }), ...again];
  assert.deepEqual(shown(actionsOf(sided)).slice(0, 2), ['start-container app#1', 'start-container regular#1']);
});

test('the round is over when all run again: nothing is done twice', () => {
  const all = ['side', 'app', 'regular'].map((name) => seen(name, { attempt: 1, ...round(1) }));
  assert.deepEqual(actionsOf([...all, ended('init', 0, { attempt: 1, ...round(1) }), ended('app', 42)]), []);
});

test('the one that asked for it backs off when it does so again; the others start at once and count no crash', () => {
  const crashes = { 'kube-bootstrap/crashes': '1', 'kube-bootstrap/restart-all-round': '1' };
  const containers = [
    seen('side', { attempt: 2, ...round(2) }),
    ended('init', 0, { attempt: 2, ...round(2) }),
    ended('app', 42, { attempt: 1, annotations: crashes }),
    ended('regular', 137, { attempt: 1, annotations: crashes }),
  ];
  const nowMs = containers[2]?.finishedAtMs ?? 0;
  const plan = planPod(aDesired(spec), [anObservedPod({ containers })], someFacts({ nowMs }));
  assert.deepEqual(shown(plan.actions), ['start-container regular#2']);
  assert.ok(plan.actions.every((action) => action.do !== 'start-container' || action.crashes === 1));
  assert.equal(plan.recheckAfterMs, 10_000);
});

test('a pod whose other containers were only stopped for the rule is not over', () => {
  const containers = [
    seen('side', { attempt: 1, ...round(1) }),
    ended('app', 0, { attempt: 1, ...round(1) }),
    ended('regular', 137),
  ];
  const plan = planPod(aDesired(spec), [anObservedPod({ containers })], someFacts());
  assert.equal(plan.over, undefined);
  assert.deepEqual(shown(plan.actions), ['start-container regular#1']);
});

test('any other exit code leaves the others alone', () => {
  assert.deepEqual(actionsOf([ended('init', 0), seen('side'), ended('app', 1), seen('regular')]), []);
});

test('a container that we stopped for its probe restarts alone, whatever code that gave', () => {
  const containers = [ended('init', 0), seen('side'), ended('app', 42), seen('regular')];
  assert.deepEqual(shown(actionsOf(containers, { restartAfterStop: () => 'back-off' })), ['start-container app#1']);
});
