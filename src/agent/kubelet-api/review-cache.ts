import type { Clock } from '../../base/clock.ts';

type Entry<T> = { readonly value: T; readonly untilTicks: number };

/**
 * Answers of the API server that hold for a while. The same question is asked once at a time; an error is no answer and
 * is not kept. When it is full the oldest answer goes.
 */
export class ReviewCache<T> {
  readonly #clock: Pick<Clock, 'ticks'>;
  readonly #maxEntries: number;
  readonly #keepMs: (value: T) => number;
  readonly #kept = new Map<string, Entry<T>>();
  readonly #asked = new Map<string, Promise<T>>();

  constructor(options: {
    readonly clock: Pick<Clock, 'ticks'>;
    readonly maxEntries: number;
    readonly keepMs: (value: T) => number;
  }) {
    this.#clock = options.clock;
    this.#maxEntries = options.maxEntries;
    this.#keepMs = options.keepMs;
  }

  /** The answer that is kept, or what `ask` gives. Rejects as `ask` does. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.#clock.ticks() < kept.untilTicks) return Promise.resolve(kept.value);
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked;
    const asking = this.#ask(key, ask).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asking);
    return asking;
  }

  async #ask(key: string, ask: () => Promise<T>): Promise<T> {
    const value = await ask();
    // To the end of the row: it is the youngest now.
    this.#kept.delete(key);
    this.#kept.set(key, { value, untilTicks: this.#clock.ticks() + this.#keepMs(value) });
    if (this.#kept.size > this.#maxEntries) {
      const [oldest = key] = this.#kept.keys();
      this.#kept.delete(oldest);
    }
    return value;
  }
}
