import type { ObservedContainer } from '../../runtime/runtime.ts';
import { agentAnnotations } from '../labels.ts';

const firstDelayMs = 10_000;
/** A container that ran this long starts a new series (kubelet.go: crashLoopBackOff.HasExpiredFunc, 600 s). */
const forgiveAfterMs = 600_000;

/**
 * When a dead container may be started again: the first time at once, then 10, 20, 40 … s after it ended, up to
 * `maxPeriodMs`. Computed from what the container itself says, so a restart of the agent changes nothing.
 */
export function restartBackOff(
  dead: ObservedContainer,
  maxPeriodMs: number,
): { readonly atMs: number; readonly delayMs: number; readonly crashes: number } {
  const crashes = ranLong(dead) ? 0 : crashesBefore(dead);
  const delayMs = crashes === 0 ? 0 : Math.min(firstDelayMs * 2 ** Math.min(crashes - 1, 20), maxPeriodMs);
  return { atMs: endOf(dead) + delayMs, delayMs, crashes: crashes + 1 };
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
