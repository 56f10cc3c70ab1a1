import assert from 'node:assert/strict';
import test from 'node:test';
import { planPod } from '../../../src/agent/plan/plan-pod.ts';
import { podOver } from '../../../src/agent/plan/pod-end.ts';
import type { PodSpec } from '../../../src/kube/types.ts';
import type { ObservedContainer } from '../../../src/runtime/runtime.ts';
import {
  aContainer,
  aDeadContainer,
  aDesired,
  anObserved,
  anObservedPod,
  aPod,
  aSandbox,
  someFacts,
  startMs,
} from '../../fakes/agent-builders.ts';
import { shown } from '../../fakes/shown-actions.ts';

const deadlineExceeded = {
  phase: 'Failed',
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
} as const;
const sidecar = aContainer({ name: 'side', restartPolicy: 'Always' });
const two = [aContainer(), aContainer({ name: 'second' })];
const ended = (name: string, exitCode: number, change: Partial<ObservedContainer> = {}) =>
  aDeadContainer({ name, exitCode, ...change });

test('a pod is over when all main containers have ended for good, or an init container has failed for good', () => {
  const inits = [aContainer({ name: 'first' })];
  const cases: readonly [string, Partial<PodSpec>, readonly ObservedContainer[], string | undefined][] = [
    ['Always is never over', {}, [ended('app', 0)], undefined],
    ['OnFailure, success', { restartPolicy: 'OnFailure' }, [ended('app', 0)], 'Succeeded'],
    ['OnFailure, failure', { restartPolicy: 'OnFailure' }, [ended('app', 1)], undefined],
    ['Never, success', { restartPolicy: 'Never' }, [ended('app', 0)], 'Succeeded'],
    ['Never, failure', { restartPolicy: 'Never' }, [ended('app', 1)], 'Failed'],
    [
      'one still runs',
      { restartPolicy: 'Never', containers: two },
      [ended('app', 1), anObserved({ name: 'second' })],
      undefined,
    ],
    ['one failed', { restartPolicy: 'Never', containers: two }, [ended('app', 0), ended('second', 3)], 'Failed'],
    ['one was never made', { restartPolicy: 'Never', containers: two }, [ended('app', 0)], undefined],
    [
      'sidecars do not count',
      { restartPolicy: 'Never', initContainers: [sidecar] },
      [ended('app', 0), anObserved({ name: 'side' })],
      'Succeeded',
    ],
    [
      'a sidecar’s exit code does not count',
      { restartPolicy: 'Never', initContainers: [sidecar] },
      [ended('app', 0), ended('side', 137)],
      'Succeeded',
    ],
    ['init failed under Never', { restartPolicy: 'Never', initContainers: inits }, [ended('first', 1)], 'Failed'],
    ['init failed under Always', { initContainers: inits }, [ended('first', 1)], undefined],
    [
      'init of its own policy',
      { restartPolicy: 'Never', initContainers: [{ ...inits[0], restartPolicy: 'OnFailure' } as never] },
      [ended('first', 1)],
      undefined,
    ],
    [
      'init failed before mains were made',
      { restartPolicy: 'Never', initContainers: inits },
      [ended('first', 1), anObserved()],
      undefined,
    ],
    ['policies of their own', { containers: [aContainer({ restartPolicy: 'Never' })] }, [ended('app', 2)], 'Failed'],
  ];
  for (const [title, spec, containers, phase] of cases) {
    const over = podOver(aPod(spec), { sandboxes: [aSandbox()], containers }, {});
    assert.equal(over?.phase, phase, title);
  }
});

test('one that we stopped to start it again is not at its end, whatever its exit code', () => {
  const own = { sandboxes: [aSandbox()], containers: [ended('app', 0)] };
  assert.equal(podOver(aPod({ restartPolicy: 'OnFailure' }), own, { restartAfterStop: () => 'back-off' }), undefined);
});

test('ends a pod whose containers are not restarted, sidecars last, and leaves it ended', () => {
  const desired = aDesired({ restartPolicy: 'OnFailure', initContainers: [sidecar] });
  const done = anObservedPod({ containers: [ended('app', 0), anObserved({ name: 'side' })] });
  const plan = planPod(desired, [done], someFacts());
  assert.deepEqual(shown(plan.actions), ['stop-container side-0 30s', 'stop-sandbox sandbox1']);
  assert.deepEqual(plan.over, { phase: 'Succeeded' });
  const stopped = anObservedPod({
    sandboxes: [aSandbox({ ready: false })],
    containers: [ended('app', 0), ended('side', 137)],
  });
  assert.deepEqual(planPod(desired, [stopped], someFacts()), { actions: [], over: { phase: 'Succeeded' } });
});

test('a pod that was over stays so when its records are gone', () => {
  const over = { phase: 'Failed' } as const;
  assert.deepEqual(planPod(aDesired({ restartPolicy: 'Never' }), [], someFacts({ over })), { actions: [], over });
});

test('stops a pod when its activeDeadlineSeconds are over, and does not run it again', () => {
  const desired = aDesired({ activeDeadlineSeconds: 90 });
  const at = (seconds: number) => someFacts({ nowMs: startMs + seconds * 1000, podStartMs: startMs });
  assert.deepEqual(planPod(desired, [anObservedPod()], at(60)), { actions: [], recheckAfterMs: 30_000 });
  const plan = planPod(desired, [anObservedPod()], at(90));
  assert.deepEqual(shown(plan.actions), ['stop-container app-0 30s', 'stop-sandbox sandbox1']);
  assert.deepEqual(plan.over, deadlineExceeded);
  const dead = ended('app', 137, { finishedAtMs: startMs + 100_000 });
  const stopped = anObservedPod({ sandboxes: [aSandbox({ ready: false })], containers: [dead] });
  assert.deepEqual(planPod(desired, [stopped], at(5000)), { actions: [], over: deadlineExceeded });
});

test('the deadline runs from when the pod was taken on, else from its oldest record', () => {
  const desired = aDesired({ activeDeadlineSeconds: 90 });
  const pod = anObservedPod({ containers: [anObserved({ createdAtMs: startMs + 50_000 })] });
  const now = { nowMs: startMs + 80_000 };
  assert.equal(planPod(desired, [pod], someFacts(now)).recheckAfterMs, 10_000);
  assert.equal(planPod(desired, [pod], someFacts({ ...now, podStartMs: startMs + 60_000 })).recheckAfterMs, 70_000);
});

test('a pod that ended before its deadline keeps its end', () => {
  const pod = aPod({ restartPolicy: 'Never', activeDeadlineSeconds: 90 });
  const own = { sandboxes: [aSandbox()], containers: [ended('app', 0)] };
  assert.deepEqual(podOver(pod, own, { nowMs: startMs + 500_000, podStartMs: startMs }), { phase: 'Succeeded' });
});
