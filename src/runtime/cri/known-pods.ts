import type { PodIdentity } from '../runtime.ts';

export type Known = { readonly pod: PodIdentity; readonly kind: 'sandbox' | 'container' };

/** Far more than one machine runs. */
const mostKnown = 10_000;

/** Whose sandboxes and containers there were: events name them by ID alone, also when nobody can look them up any more. */
export class KnownPods {
  readonly #known = new Map<string, Known>();
  readonly #stopping = new Set<string>();

  learn(id: string, known: Known): void {
    if (this.#known.size >= mostKnown) this.#known.clear();
    this.#known.set(id, known);
  }

  of(id: string): Known | undefined {
    return this.#known.get(id);
  }

  forget(id: string): void {
    this.#known.delete(id);
  }

  /** Marks it as being ended by us for as long as `stop` takes. */
  async whileStopping(id: string, stop: () => Promise<void>): Promise<void> {
    this.#stopping.add(id);
    try {
      await stop();
    } finally {
      this.#stopping.delete(id);
    }
  }

  isStopping(id: string): boolean {
    return this.#stopping.has(id);
  }
}
