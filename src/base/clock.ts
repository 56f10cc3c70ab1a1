/** Time as a parameter: milliseconds since the epoch, and timers that can be cancelled. */
export interface Clock {
  now(): number;
  /** Milliseconds since some moment, on a clock that nobody sets; tells how much time went by. */
  ticks(): number;
  /** Runs `action` once after `delayMs`; the returned function cancels. */
  after(delayMs: number, action: () => void): () => void;
}

const slowLookMs = 200;
const longestRestMs = 5_000;

/** The machine's clock. Delays longer than Node's timers hold (2^31-1 ms) are cut to that. */
export const systemClock: Clock = {
  now: () => Date.now(),
  ticks: () => performance.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, Math.min(delayMs, 0x7fffffff));
    return () => clearTimeout(timer);
  },
};

/** Waits; ends early without error when the signal aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/**
 * Waits between two looks: `everyMs`, or twice as long as the look took that began at `sinceTicks`, where it took long:
 * such a machine has better things to do than to be looked at all the time.
 */
export function rest(
  clock: Clock,
  { everyMs, sinceTicks }: { readonly everyMs: number; readonly sinceTicks: number },
  signal?: AbortSignal,
): Promise<void> {
  const tookMs = clock.ticks() - sinceTicks;
  const restMs = tookMs < slowLookMs ? everyMs : Math.max(everyMs, Math.min(2 * tookMs, longestRestMs));
  return sleep(clock, restMs, signal);
}
