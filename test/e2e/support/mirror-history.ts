import type { KubeClient } from '../../../src/kube/client.ts';
import type { Pod } from '../../../src/kube/types.ts';

/** One state of a pod of the API, as a watch has shown it. */
export type Moment = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly pod: Pod };

/** All that a watcher of pods is shown. */
export class MirrorHistory {
  readonly #moments: Moment[] = [];

  /** From now on, until the signal aborts. */
  async follow(api: KubeClient, signal: AbortSignal): Promise<void> {
    const { items, metadata } = await api.list<Pod>('/api/v1/pods');
    for (const pod of items) this.#moments.push({ type: 'ADDED', pod });
    void this.#watch(api, metadata.resourceVersion, signal);
  }

  /** Of one static pod, in order. */
  of(name: string): readonly Moment[] {
    return this.#moments.filter(({ pod }) => pod.metadata.name === `${name}-node1`);
  }

  async #watch(api: KubeClient, from: string, signal: AbortSignal): Promise<void> {
    let resourceVersion = from;
    while (!signal.aborted) {
      try {
        for await (const { type, object } of api.watch<Pod>('/api/v1/pods', { resourceVersion, signal })) {
          resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
          this.#moments.push({ type, pod: object });
        }
      } catch {
        // The API server is away for a while in some cases; it keeps what happens before and after.
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
