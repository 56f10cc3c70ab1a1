import type { Container, Pod } from '../../kube/types.ts';
import type { ObservedContainer } from '../../runtime/runtime.ts';
import { agentAnnotations } from '../labels.ts';
import type { PodFacts } from './facts.ts';
import { restartsAll } from './restart-policy.ts';

/**
 * The containers of one sandbox, parted by the rounds in which the rule RestartAllContainers restarts them together
 * (KEP-5532). A container of an earlier round counts as not there; one that still runs is stopped.
 */
export type Rounds = {
  readonly round: number;
  readonly current: readonly ObservedContainer[];
  readonly stale: readonly ObservedContainer[];
};

type Stops = Pick<PodFacts, 'restartAfterStop'>;

/** Each end that the rule matches begins the next round. Read from the containers, so it holds over restarts of the agent. */
export function partRounds(pod: Pod, inSandbox: readonly ObservedContainer[], stops: Stops): Rounds {
  const begun = inSandbox.map((seen) => roundOf(seen) + (beganRound(pod, seen, stops) ? 1 : 0));
  const round = Math.max(0, ...begun);
  const isCurrent = (seen: ObservedContainer) => roundOf(seen) === round;
  return { round, current: inSandbox.filter(isCurrent), stale: inSandbox.filter((seen) => !isCurrent(seen)) };
}

/** Whether this container's end is one for which all containers are restarted. What we stopped to start it again is not. */
export function beganRound(pod: Pod, seen: ObservedContainer, { restartAfterStop }: Stops): boolean {
  const spec = specOf(pod, seen.name);
  if (seen.state !== 'exited' || spec === undefined || restartAfterStop?.(seen.id) !== undefined) return false;
  return restartsAll(spec, seen.exitCode);
}

/** The container of this name in the manifest. */
export function specOf({ spec }: Pod, name: string): Container | undefined {
  return [...(spec.initContainers ?? []), ...spec.containers].find((container) => container.name === name);
}

function roundOf({ annotations }: ObservedContainer): number {
  const noted = Number(annotations[agentAnnotations.round] ?? 0);
  return Number.isInteger(noted) && noted > 0 ? noted : 0;
}
