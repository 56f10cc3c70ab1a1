import type { Clock } from './clock.ts';
import { sleep } from './clock.ts';

/** A sleep that others can end: of any number of calls to `wake` before or during it, one counts. */
export class Waker {
  #woken = Promise.withResolvers<void>();

  wake(): void {
    this.#woken.resolve();
  }

  /** Ends after `delayMs` (never by itself when undefined), when woken, or with the signal. */
  async sleep(clock: Clock, delayMs: number | undefined, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const both = AbortSignal.any([signal, over.signal]);
    const { promise } = this.#woken;
    await Promise.race([promise, delayMs === undefined ? aborted(both) : sleep(clock, delayMs, both)]);
    over.abort();
    this.#woken = Promise.withResolvers();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
