import assert from 'node:assert/strict';
import test from 'node:test';
import type { PodAction, StopContainer } from '../../../src/agent/plan/actions.ts';
import type { PodFacts, ProbeResults } from '../../../src/agent/plan/facts.ts';
import { planPod } from '../../../src/agent/plan/plan-pod.ts';
import type { Container, PodSpec } from '../../../src/kube/types.ts';
import { annotations } from '../../../src/runtime/labels.ts';
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

const well: ProbeResults = { startup: 'success', liveness: 'success', readiness: 'success' };
const other = { [annotations.containerHash]: 'other' };

function kills(spec: Partial<PodSpec>, containers: readonly ObservedContainer[], facts: Partial<PodFacts> = {}) {
  const { actions } = planPod(aDesired(spec), [anObservedPod({ containers })], someFacts(facts));
  return actions.filter((action: PodAction): action is StopContainer => action.do === 'stop-container');
}

test('stops a container whose liveness or startup probe failed, with the grace of the probe, and says what it said', () => {
  const probe = aProbe({ terminationGracePeriodSeconds: 5 });
  const cases: readonly [Partial<Container>, Partial<ProbeResults>, number, string][] = [
    [{ livenessProbe: aProbe() }, { liveness: 'failure' }, 30, 'its liveness probe failed'],
    [
      { livenessProbe: probe },
      { liveness: 'failure', message: 'Liveness probe failed: 500' },
      5,
      'Liveness probe failed: 500',
    ],
    [
      { startupProbe: probe },
      { startup: 'failure', message: 'Startup probe failed: no' },
      5,
      'Startup probe failed: no',
    ],
    [{ startupProbe: aProbe(), livenessProbe: probe }, { startup: 'failure' }, 30, 'its startup probe failed'],
    [
      { livenessProbe: probe },
      { liveness: 'failure', message: 'Readiness probe failed: x' },
      5,
      'its liveness probe failed',
    ],
  ];
  for (const [change, results, graceSeconds, because] of cases) {
    const spec = { containers: [aContainer(change)] };
    const [stop] = kills(spec, [anObserved()], { probes: () => ({ ...well, ...results }) });
    assert.deepEqual(
      { ...stop },
      { do: 'stop-container', id: 'app-0', name: 'app', graceSeconds, order: 0, restart: 'back-off', because },
    );
  }
});

test('a failed readiness probe stops nothing', () => {
  assert.deepEqual(kills({}, [anObserved()], { probes: () => ({ ...well, readiness: 'failure' }) }), []);
});

test('what a probe stopped is started again unless the policy is Never, though it exits with code 0', () => {
  const probes = () => ({ ...well, liveness: 'failure' }) as const;
  for (const restartPolicy of ['Always', 'OnFailure', 'Never'] as const) {
    const [stop] = kills({ restartPolicy }, [anObserved()], { probes });
    assert.equal(stop?.restart, restartPolicy === 'Never' ? undefined : 'back-off');
  }
  const pod = anObservedPod({ containers: [aDeadContainer({ exitCode: 0 })] });
  const plan = planPod(
    aDesired({ restartPolicy: 'OnFailure' }),
    [pod],
    someFacts({ restartAfterStop: () => 'back-off' }),
  );
  assert.deepEqual(
    plan.actions.map((action) => action.do),
    ['start-container'],
  );
});

test('a sidecar whose liveness probe failed is stopped alone', () => {
  const side = aContainer({ name: 'side', restartPolicy: 'Always', livenessProbe: aProbe() });
  const probes = (id: string) => (id === 'side-0' ? ({ ...well, liveness: 'failure' } as const) : well);
  const stops = kills(
    { initContainers: [side], restartPolicy: 'Never' },
    [anObserved(), anObserved({ name: 'side' })],
    { probes },
  );
  assert.deepEqual(
    stops.map(({ name, restart }) => [name, restart]),
    [['side', 'back-off']],
  );
});

test('a changed definition restarts a container at once under every policy, and a sidecar without the others', () => {
  const side = aContainer({ name: 'side', restartPolicy: 'Always' });
  const [stop] = kills({ restartPolicy: 'Never' }, [anObserved({ annotations: other })]);
  assert.deepEqual([stop?.restart, stop?.because], ['at-once', 'its definition has changed']);
  const stops = kills({ initContainers: [side] }, [anObserved(), anObserved({ name: 'side', annotations: other })]);
  assert.deepEqual(
    stops.map(({ name }) => name),
    ['side'],
  );
});

test('an ordinary init container that runs is left to its end, whatever its definition says', () => {
  const init = aContainer({ name: 'first' });
  assert.deepEqual(kills({ initContainers: [init] }, [anObserved({ name: 'first', annotations: other })]), []);
});

test('stops what the manifest does not name, an older one of a name, and what the runtime does not know', () => {
  const cases: readonly [readonly ObservedContainer[], string, string][] = [
    [[anObserved(), anObserved({ name: 'stranger' })], 'stranger-0', 'the manifest has no such container'],
    [[anObserved({ attempt: 1 }), anObserved()], 'app-0', 'a newer one is there'],
    [[anObserved({ state: 'unknown' })], 'app-0', 'the runtime does not know its state'],
  ];
  for (const [containers, id, because] of cases) {
    assert.deepEqual(
      kills({}, containers).map((stop) => [stop.id, stop.because]),
      [[id, because]],
    );
  }
});

test('a stop that was begun before is finished, with what was to follow it', () => {
  const facts: Partial<PodFacts> = { stopping: () => true, restartAfterStop: () => 'back-off' };
  const [stop] = kills({}, [anObserved()], facts);
  assert.deepEqual([stop?.because, stop?.restart], ['its stop was begun before', 'back-off']);
});
