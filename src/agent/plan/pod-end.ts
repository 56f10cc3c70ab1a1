import type { Container, Pod } from '../../kube/types.ts';
import type { ObservedContainer, ObservedSandbox } from '../../runtime/runtime.ts';
import type { PodFacts, PodOver } from './facts.ts';
import { latest, newest } from './instance.ts';
import { initRestartsAfter, isSidecar, restartsAfter } from './restart-policy.ts';
import { partRounds } from './rounds.ts';

/** What an end is judged by beside the containers; all of it may be absent. */
export type EndFacts = Pick<PodFacts, 'podStartMs' | 'restartAfterStop' | 'over'> & { readonly nowMs?: number };

/** As the kubelet says it (active_deadline.go). */
const deadlineExceeded: PodOver = {
  phase: 'Failed',
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};

type Existing = { readonly sandboxes: readonly ObservedSandbox[]; readonly containers: readonly ObservedContainer[] };

/**
 * How the pod has come to its end, undefined while it has not: its time is up, an init container failed for good, or all
 * main containers ended for good. Sidecars do not count.
 */
export function podOver(pod: Pod, own: Existing, facts: EndFacts): PodOver | undefined {
  if (facts.over !== undefined) return facts.over;
  const last = own.sandboxes.find(({ ready }) => ready) ?? own.sandboxes[0];
  const inLast = own.containers.filter(({ sandboxId }) => last === undefined || sandboxId === last.id);
  const { current, stale } = partRounds(pod, inLast, facts);
  const ended = pod.spec.containers.every((container) => {
    const seen = latest(own.containers, container.name);
    return seen?.state === 'exited' && !stale.includes(seen) && !willRestart(pod, container, seen, facts);
  });
  const dueMs = deadlineMs(pod, own, facts);
  if (dueMs !== undefined && facts.nowMs !== undefined && dueMs <= facts.nowMs) {
    const ends = pod.spec.containers.map(({ name }) => newest(own.containers, name)?.finishedAtMs ?? dueMs);
    if (!ended || ends.some((endMs) => endMs >= dueMs)) return deadlineExceeded;
  }
  if (initFailed(pod, current, facts)) return { phase: 'Failed' };
  if (!ended) return undefined;
  const succeeded = pod.spec.containers.every(({ name }) => newest(own.containers, name)?.exitCode === 0);
  return { phase: succeeded ? 'Succeeded' : 'Failed' };
}

/** When the pod's activeDeadlineSeconds are over, in ms since the epoch; undefined without one or before it began. */
export function deadlineMs(pod: Pod, own: Existing, facts: EndFacts): number | undefined {
  const seconds = pod.spec.activeDeadlineSeconds;
  const began = [...own.sandboxes, ...own.containers].map(({ createdAtMs }) => createdAtMs);
  const startMs = facts.podStartMs ?? (began.length === 0 ? undefined : Math.min(...began));
  return seconds === undefined || startMs === undefined ? undefined : startMs + seconds * 1000;
}

/** Whether a container that has exited is started again: because we stopped it for that, else as its policy says. */
export function willRestart(pod: Pod, container: Container, dead: ObservedContainer, facts: EndFacts = {}): boolean {
  if (facts.restartAfterStop?.(dead.id) !== undefined) return true;
  const ordinaryInit = (pod.spec.initContainers ?? []).includes(container) && !isSidecar(container);
  return (ordinaryInit ? initRestartsAfter : restartsAfter)(pod, container, dead.exitCode);
}

/** Whether an ordinary init container failed and is not tried again. Once a main container was made they count no more. */
function initFailed(pod: Pod, containers: readonly ObservedContainer[], facts: EndFacts): boolean {
  if (pod.spec.containers.some(({ name }) => newest(containers, name) !== undefined)) return false;
  return (pod.spec.initContainers ?? [])
    .filter((container) => !isSidecar(container))
    .some((container) => {
      const seen = newest(containers, container.name);
      return seen?.state === 'exited' && seen.exitCode !== 0 && !willRestart(pod, container, seen, facts);
    });
}
