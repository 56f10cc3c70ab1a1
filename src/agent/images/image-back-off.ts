import type { ImageFact } from '../plan/facts.ts';
import type { PullFailure } from '../state/pod-state.ts';

const firstDelayMs = 10_000;
const longestDelayMs = 300_000;

/** The next failure of an image. A series is over when twice the longest delay has gone by (client-go util/flowcontrol Backoff). */
export function nextFailure(before: PullFailure | undefined, now: Omit<PullFailure, 'times'>): PullFailure {
  const goesOn = before !== undefined && now.atMs - before.atMs <= 2 * longestDelayMs;
  return { ...now, times: goesOn ? before.times + 1 : 1 };
}

/**
 * What a failure means for the next attempt: 10, 20, 40 … 300 s later (kubelet.md 2.10); undefined when that time has
 * come. What is never pulled is looked for every 10 s, since somebody may import it.
 */
export function imageBackOff(image: string, failure: PullFailure, nowMs: number): ImageFact | undefined {
  const { times, code, message, atMs } = failure;
  const delayMs =
    code === 'ErrImageNeverPull' ? firstDelayMs : Math.min(firstDelayMs * 2 ** Math.min(times - 1, 10), longestDelayMs);
  // A clock that was set back must not lengthen the wait.
  const leftMs = Math.min(atMs + delayMs - nowMs, delayMs);
  if (leftMs <= 0) return undefined;
  const retryAtMs = nowMs + leftMs;
  if (code !== 'ErrImagePull') return { state: 'back-off', retryAtMs, reason: message, code };
  const reason = `Back-off ${delayMs / 1000}s pulling image "${image}": ErrImagePull: ${message}`;
  return { state: 'back-off', retryAtMs, reason };
}
