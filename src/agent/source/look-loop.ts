import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';

/** After a look that failed altogether. */
const retryMs = 5000;

/**
 * One look after another, never two at once: a request during a look leads to exactly one more after it; each look says
 * in how many milliseconds the next is due, 0 for at once.
 */
export class LookLoop {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #look: () => Promise<number>;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #cancelNext = () => {};

  constructor(options: { readonly clock: Clock; readonly log: Log; readonly look: () => Promise<number> }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#look = options.look;
  }

  /** Resolves when a look that began after this call is done. */
  async now(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run();
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelNext();
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    while (this.#again && !this.#stopped) {
      this.#again = false;
      this.#cancelNext();
      const nextMs = await this.#lookOnce();
      if (nextMs === 0) this.#again = true;
      else if (!this.#stopped) this.#cancelNext = this.#clock.after(nextMs, () => void this.now());
    }
    this.#running = undefined;
  }

  async #lookOnce(): Promise<number> {
    try {
      return await this.#look();
    } catch (thrown) {
      this.#log.error(`looking for manifests failed, it is tried again in ${retryMs / 1000} s: ${messageOf(thrown)}`);
      return retryMs;
    }
  }
}
