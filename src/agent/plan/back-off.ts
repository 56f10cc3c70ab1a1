import type { ObservedContainer } from '../../runtime/runtime.ts';
import { agentAnnotations } from '../labels.ts';
import type { PodFacts } from './facts.ts';

const firstDelayMs = 10_000;
/** A container that ran this long starts a new series (kubelet.go: crashLoopBackOff.HasExpiredFunc, 600 s). */
const forgiveAfterMs = 600_000;
/** More than this between what the container and a clock that nobody sets say about its end: the machine's was set. */
const clockToleranceMs = 2000;

export type RestartBackOff = {
  /** When it may be started, by the container's own finishedAt. */
  readonly atMs: number;
  readonly delayMs: number;
  /** To be noted on the next container. */
  readonly crashes: number;
};

/**
 * When a dead container may be started again: the first time at once, then 10, 20, 40 … s after it ended, up to
 * `maxPeriodMs`. Computed from what the container itself says, so a restart of the agent changes nothing.
 */
export function restartBackOff(dead: ObservedContainer, maxPeriodMs: number): RestartBackOff {
  const crashes = ranLong(dead) ? 0 : crashesBefore(dead);
  const firstMs = Math.min(firstDelayMs, maxPeriodMs);
  const delayMs = crashes === 0 ? 0 : Math.min(firstMs * 2 ** Math.min(crashes - 1, 20), maxPeriodMs);
  return { atMs: endOf(dead) + delayMs, delayMs, crashes: crashes + 1 };
}

/** How long a dead container still has to wait. The machine's clock may have been set since it ended. */
export function backOffLeftMs(dead: ObservedContainer, facts: PodFacts): number {
  const { delayMs } = restartBackOff(dead, facts.maxRestartPeriodMs);
  const toldMs = facts.nowMs - endOf(dead);
  const seenMs = facts.endedAgoMs?.(dead.id);
  const elapsedMs = seenMs !== undefined && Math.abs(toldMs - seenMs) > clockToleranceMs ? seenMs : toldMs;
  return Math.max(0, Math.min(delayMs - elapsedMs, delayMs));
}

/** Restarts in a row before this container was started. */
export function crashesBefore(container: ObservedContainer): number {
  const noted = Number(container.annotations[agentAnnotations.crashes]);
  return Number.isInteger(noted) && noted >= 0 ? noted : container.attempt;
}

function ranLong(dead: ObservedContainer): boolean {
  return dead.startedAtMs !== undefined && endOf(dead) - dead.startedAtMs > forgiveAfterMs;
}

function endOf(dead: ObservedContainer): number {
  return dead.finishedAtMs ?? dead.startedAtMs ?? dead.createdAtMs;
}
