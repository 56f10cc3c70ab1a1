import type { Clock } from '../../base/clock.ts';

/** Stops that neither begin nor end for so long hold nobody up: one of them has a long grace period. */
const patienceMs = 500;
/** Nobody is held up for longer, however many stops follow each other. */
const mostMs = 5000;

/**
 * The stops of all pods that are being carried out. What only clears away lets them go first: a runtime that is asked to
 * end many pods at once ends them sooner when it need not remove others meanwhile.
 */
export class StopsUnderWay {
  readonly #clock: Clock;
  readonly #request: (key: string) => void;
  readonly #waiting = new Set<string>();
  /** Have waited, and need not again. */
  readonly #passed = new Set<string>();
  #underWay = 0;
  #cancelPatience: (() => void) | undefined;
  #cancelMost: (() => void) | undefined;

  /** `request` asks for another look at a pod that has waited. */
  constructor(clock: Clock, request: (key: string) => void) {
    this.#clock = clock;
    this.#request = request;
  }

  async during<T>(stop: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    this.#progress();
    try {
      return await stop();
    } finally {
      this.#underWay -= 1;
      this.#progress();
    }
  }

  /** Whether the pod should wait; it is looked at again when it need not. */
  holdsUp(key: string): boolean {
    if (this.#passed.delete(key) || this.#cancelPatience === undefined) return false;
    this.#waiting.add(key);
    this.#cancelMost ??= this.#clock.after(mostMs, () => this.#letPass());
    return true;
  }

  close(): void {
    this.#calm();
    this.#waiting.clear();
  }

  #progress(): void {
    this.#cancelPatience?.();
    this.#cancelPatience = undefined;
    if (this.#underWay === 0) this.#letPass();
    else this.#cancelPatience = this.#clock.after(patienceMs, () => this.#letPass());
  }

  #letPass(): void {
    this.#calm();
    const keys = [...this.#waiting];
    this.#waiting.clear();
    for (const key of keys) {
      this.#passed.add(key);
      this.#request(key);
    }
  }

  #calm(): void {
    this.#cancelPatience?.();
    this.#cancelMost?.();
    this.#cancelPatience = undefined;
    this.#cancelMost = undefined;
  }
}
