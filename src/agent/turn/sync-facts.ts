import type { ObservedPod } from '../../runtime/runtime.ts';
import type { Refusal } from '../admission/plan-admission.ts';
import type { DesiredPod } from '../desired.ts';
import { endedAgoMs } from '../plan/end-notes.ts';
import type { PodFacts } from '../plan/facts.ts';
import type { PodRecord } from '../pod-record.ts';
import type { StartFacts } from './gather-facts.ts';
import type { SyncDoors } from './sync-pod.ts';

export type Gathered = {
  readonly desired: DesiredPod | undefined;
  readonly start: StartFacts | undefined;
  readonly refusal: Refusal | undefined;
};

/** What planPod needs to know beside the desired and the observed pod. */
export function podFacts(doors: SyncDoors, record: PodRecord, gathered: Gathered): PodFacts {
  const { desired, start, refusal } = gathered;
  const { states, clock, prober, maxRestartPeriodMs } = doors;
  const heldBack = desired === undefined ? undefined : heldBackOf(doors, record, desired);
  const { startMs: podStartMs, over } = states.get(desired?.uid ?? '');
  const stopOf = (id: string) => states.get(uidOf(record.observed, id)).containers[id]?.stop;
  return {
    nowMs: clock.now(),
    probes: (id) => prober.results(record.key, id),
    image: ({ name }) => start?.images.get(name) ?? { state: 'present' },
    loggedAttempt: (name) => start?.loggedAttempts.get(name),
    ...(heldBack === undefined ? {} : { heldBack }),
    refusals: start?.refusals ?? [],
    ...(refusal === undefined ? {} : { admissionRefusals: [refusal.message] }),
    networkProblem: start?.networkProblem,
    maxRestartPeriodMs,
    ...(podStartMs === undefined ? {} : { podStartMs }),
    stopping: (id) => stopOf(id) !== undefined,
    stopReason: (id) => stopOf(id)?.why,
    restartAfterStop: (id) => stopOf(id)?.restart,
    endedAgoMs: (id) => endedAgoMs(record.ends, id, clock.ticks()),
    ...(over === undefined ? {} : { over }),
    keptUid: desired && overlapUid(doors, desired),
    ...doors.takeover?.facts(record.key),
    former: desired && doors.stays(desired),
  };
}

function overlapUid({ claims }: SyncDoors, { file }: DesiredPod): string | undefined {
  const claim = claims.get(file);
  return claim?.place === undefined ? claim?.uid : undefined;
}

/** Only asked when a container is to be started: a gate begins to poll by being asked. */
function heldBackOf({ gates }: SyncDoors, record: PodRecord, { pod, uid }: DesiredPod): string | undefined {
  const seen = record.observed.find((observed) => observed.pod.uid === uid)?.containers ?? [];
  const running = pod.spec.containers.every(({ name }) =>
    seen.some((container) => container.name === name && container.state === 'running'),
  );
  if (running) return undefined;
  const suffix = `-${pod.spec.nodeName?.toLowerCase() ?? ''}`;
  const { name, namespace } = pod.metadata;
  const bare = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
  return gates.heldBack({ key: record.key, namespace, name: bare });
}

function uidOf(observed: readonly ObservedPod[], containerId: string): string {
  return observed.find(({ containers }) => containers.some(({ id }) => id === containerId))?.pod.uid ?? '';
}
