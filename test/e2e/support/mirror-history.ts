import type { KubeClient } from '../../../src/kube/client.ts';
import type { Pod } from '../../../src/kube/types.ts';
import { eventually } from './command.ts';

/** One state of a pod of the API, as a watch has shown it. */
export type Moment = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly pod: Pod };

/** All that a watcher of pods is shown. */
export class MirrorHistory {
  readonly #moments: Moment[] = [];
  #api: KubeClient | undefined;

  /** From now on, until the signal aborts. */
  async follow(api: KubeClient, signal: AbortSignal): Promise<void> {
    this.#api = api;
    const { items, metadata } = await api.list<Pod>('/api/v1/pods');
    for (const pod of items) this.#moments.push({ type: 'ADDED', pod });
    void this.#watch(api, metadata.resourceVersion, signal);
  }

  /** Of one static pod in the namespace default, in order, up to what a question is answered with now: a watch comes after it. */
  of(name: string): Promise<readonly Moment[]> {
    return eventually(`the watch has shown what ${name} is now`, async () => {
      const pod = await this.#api?.get<Pod>(`/api/v1/namespaces/default/pods/${name}-node1`);
      const moments = this.#moments.filter(({ pod: seen }) => seen.metadata.name === `${name}-node1`);
      const last = moments.at(-1);
      const gone = last === undefined || last.type === 'DELETED';
      const upToDate = pod ? pod.metadata.resourceVersion === last?.pod.metadata.resourceVersion : gone;
      return upToDate ? moments : undefined;
    });
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
