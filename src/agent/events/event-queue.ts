import type { EventSeries } from './cluster-event.ts';

/** What waits to be sent, oldest first; what happens again meanwhile is sent once. Full, it forgets the oldest. */
export class EventQueue {
  readonly #most: number;
  readonly #waiting = new Map<string, EventSeries>();
  #dropped = 0;
  #wake = () => {};

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(key: string, series: EventSeries): void {
    if (!this.#waiting.has(key) && this.#waiting.size >= this.#most) {
      const [oldest] = this.#waiting.keys();
      if (oldest !== undefined) this.#waiting.delete(oldest);
      this.#dropped += 1;
    }
    this.#waiting.set(key, series);
    this.#wake();
  }

  /** The next one, which is out of the queue then; waits for one until the signal aborts. */
  async take(signal: AbortSignal): Promise<EventSeries | undefined> {
    while (this.#waiting.size === 0 && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = () => resolve();
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
      await promise;
      signal.removeEventListener('abort', wake);
    }
    const [next] = this.#waiting;
    if (next === undefined || signal.aborted) return undefined;
    this.#waiting.delete(next[0]);
    return next[1];
  }

  /** How many were forgotten since it was last asked. */
  dropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
