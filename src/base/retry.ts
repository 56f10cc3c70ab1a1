import type { Clock } from './clock.ts';
import { sleep } from './clock.ts';
import { messageOf, TimeoutError } from './errors.ts';

/**
 * Calls `attempt` until it gives a value, waiting `everyMs` in between. An attempt that throws counts as "not yet", its
 * text becomes the reason; `TimeoutError` with that reason after `timeoutMs`. `fatal` says which errors end it at once.
 */
export async function retryUntil<T>(
  attempt: () => Promise<T | undefined>,
  options: {
    readonly clock: Clock;
    readonly everyMs: number;
    readonly timeoutMs: number;
    readonly what: string;
    readonly signal?: AbortSignal;
    readonly fatal?: (thrown: unknown) => boolean;
  },
): Promise<T> {
  const { clock, everyMs, timeoutMs, what, signal } = options;
  const deadline = clock.now() + timeoutMs;
  let lastReason: string | undefined;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const value = await attempt();
      if (value !== undefined) return value;
    } catch (thrown) {
      if (options.fatal?.(thrown)) throw thrown;
      lastReason = messageOf(thrown);
    }
    if (clock.now() >= deadline) break;
    await sleep(clock, Math.min(everyMs, Math.max(0, deadline - clock.now())), signal);
  }
  const because = lastReason === undefined ? '' : `: ${lastReason}`;
  throw new TimeoutError(`timed out after ${timeoutMs / 1000} s waiting for ${what}${because}`, {
    ...(lastReason === undefined ? {} : { lastReason }),
  });
}
