import type { AgentPod } from '../../kube/agent-socket.ts';
import type { ObservedContainer } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';
import { containerSubject } from '../events/subject.ts';
import type { PodPlan } from '../plan/actions.ts';
import type { PodRecord } from '../pod-record.ts';
import type { Probed } from '../probes/container-probes.ts';
import { begun, onlyContainers, withConditions, withContainer } from '../state/pod-state.ts';
import type { PodStates } from '../state/pod-states.ts';
import type { SyncDoors } from './sync-pod.ts';

/** Probes what runs of the desired pod; what is going to be stopped keeps the probes it has until it is gone. */
export function trackProbes(
  { prober, states, nodeIP }: SyncDoors,
  record: PodRecord,
  desired: DesiredPod | undefined,
): void {
  const spec = desired ?? record.lastDesired;
  if (spec === undefined) {
    prober.track(record.key, []);
    return;
  }
  const { initContainers = [], containers, hostNetwork } = spec.pod.spec;
  const own = record.observed.find(({ pod }) => pod.uid === spec.uid);
  const running = (own?.containers ?? []).filter(({ state }) => state === 'running');
  const probed = running.flatMap((seen): Probed[] => {
    const container = [...initContainers, ...containers].find(({ name }) => name === seen.name);
    if (container === undefined) return [];
    const sandbox = own?.sandboxes.find(({ id }) => id === seen.sandboxId);
    const address = (hostNetwork ? nodeIP : sandbox?.ips[0]) ?? '127.0.0.1';
    const startedAtMs = seen.startedAtMs ?? seen.createdAtMs;
    const ending = desired === undefined || isStopping(states, seen);
    const about = { podUid: seen.pod.uid, subject: containerSubject(spec.pod, seen.name) };
    return [{ containerId: seen.id, ...about, container, address, startedAtMs, ending, ...beforeOf(states, seen) }];
  });
  prober.track(record.key, probed);
}

function isStopping(states: PodStates, { id, pod }: ObservedContainer): boolean {
  return states.get(pod.uid).containers[id]?.stop !== undefined;
}

/** What the agent before this one knew: a container stays started and ready until a probe says otherwise. */
function beforeOf(states: PodStates, { id, pod }: ObservedContainer) {
  const known = states.get(pod.uid).containers[id];
  return known?.started === undefined ? {} : { before: { started: known.started, ready: known.ready ?? false } };
}

/** Remembers what the probes have come to, for the next agent, and forgets containers that are gone. */
export function rememberProbes(
  { prober, states, clock }: SyncDoors,
  record: PodRecord,
  desired: DesiredPod | undefined,
): void {
  for (const { pod, containers } of record.observed) {
    states.update(pod.uid, (state) => {
      const kept = onlyContainers(state, new Set(containers.map(({ id }) => id)));
      return containers.reduce((next, { id, state: runs }) => {
        const results = runs === 'running' ? prober.results(record.key, id) : undefined;
        if (results === undefined) return next;
        const [started, ready] = [results.startup === 'success', results.readiness === 'success'];
        return withContainer(next, id, { started, ready });
      }, kept);
    });
  }
  if (desired !== undefined) states.update(desired.uid, (state) => begun(state, desired.hash, clock.now()));
}

/** Since when each condition is as it is, for the next agent too. */
export function rememberConditions(
  { states, clock }: SyncDoors,
  desired: DesiredPod | undefined,
  shown: AgentPod | undefined,
): void {
  const conditions = shown?.pod.status?.conditions;
  if (desired === undefined || conditions === undefined) return;
  states.update(desired.uid, (state) => withConditions(state, conditions, clock.now()));
}

/** A pod that has come to its end stays there, whatever becomes of its records. */
export function rememberEnd({ states }: SyncDoors, desired: DesiredPod | undefined, { over }: PodPlan): void {
  if (desired === undefined || over === undefined || states.get(desired.uid).over !== undefined) return;
  states.update(desired.uid, (state) => ({ ...state, over }));
}
