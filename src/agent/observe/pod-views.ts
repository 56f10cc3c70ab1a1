import type { ObservedPod } from '../../runtime/runtime.ts';
import type { PodListing, PodsByKey } from './pod-listing.ts';

/**
 * What turns see of the runtime. A listing of all pods serves the next turn of each, unless the pod had a turn or a hint
 * since it was asked for: then it may be wrong, and the turn looks for itself.
 */
export class PodViews {
  readonly #listing: PodListing;
  readonly #listed = new Map<string, readonly ObservedPod[]>();
  /** Turns and hints so far, by pod. */
  readonly #changes = new Map<string, number>();
  readonly #turning = new Set<string>();

  constructor(listing: PodListing) {
    this.#listing = listing;
  }

  begin(key: string): void {
    this.#changed(key);
    this.#turning.add(key);
  }

  end(key: string): void {
    this.#changed(key);
    this.#turning.delete(key);
  }

  /** Something happened to the pod. */
  hinted(key: string): void {
    this.#listed.delete(key);
    this.#changed(key);
  }

  forget(key: string): void {
    this.#changes.delete(key);
    this.#listed.delete(key);
  }

  async of(key: string): Promise<readonly ObservedPod[]> {
    const listed = this.#listed.get(key);
    this.#listed.delete(key);
    return listed ?? this.#listing.of(key);
  }

  /** Lists all pods for the next turns of these keys and of all that are found; undefined when the runtime does not say. */
  async all(
    keys: () => Iterable<string>,
  ): Promise<{ readonly pods: PodsByKey; readonly fresh: readonly string[] } | undefined> {
    const before = new Map(this.#changes);
    const pods = await this.#listing.all().catch(() => undefined);
    if (pods === undefined) return undefined;
    const fresh = [...new Set([...pods.keys(), ...keys()])].filter(
      (key) => before.get(key) === this.#changes.get(key) && !this.#turning.has(key),
    );
    for (const key of fresh) this.#listed.set(key, pods.get(key) ?? []);
    return { pods, fresh };
  }

  #changed(key: string): void {
    this.#changes.set(key, (this.#changes.get(key) ?? 0) + 1);
  }
}
