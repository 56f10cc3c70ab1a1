import type { WatchEvent } from '../../kube/client.ts';
import { type ApiPod, type FoundPod, foundPod } from './found-pod.ts';

/** The pods that the API server has for this node, as last heard of: from list and watch, and from our own writes. */
export class FoundPods {
  readonly #pods = new Map<string, FoundPod>();
  #isListed = false;

  /** Whether it is known at all what is there. */
  get isListed(): boolean {
    return this.#isListed;
  }

  get(key: string): FoundPod | undefined {
    return this.#pods.get(key);
  }

  keys(): readonly string[] {
    return [...this.#pods.keys()];
  }

  /** Whatever is not in the list is gone. */
  list(items: readonly ApiPod[]): void {
    this.#pods.clear();
    for (const item of items) this.put(item);
    this.#isListed = true;
  }

  /** The key of the pod that it is about. */
  event({ type, object }: WatchEvent<ApiPod>): string {
    const { key, uid } = foundPod(object);
    if (type === 'DELETED') this.drop(key, uid);
    else this.put(object);
    return key;
  }

  /** A watch may lag behind what our own writes have answered: only what is newer counts. */
  put(pod: ApiPod): void {
    const found = foundPod(pod);
    const known = this.#pods.get(found.key);
    if (known === undefined || versionOf(known) <= versionOf(found)) this.#pods.set(found.key, found);
  }

  drop(key: string, uid: string): void {
    if (this.#pods.get(key)?.uid === uid) this.#pods.delete(key);
  }
}

/** Versions of one resource can be compared as numbers (KEP-5504); an API server that has others is taken at its word. */
function versionOf({ resourceVersion }: FoundPod): bigint {
  return /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n;
}
