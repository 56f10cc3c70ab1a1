import type { WatchEvent } from '../../src/kube/client.ts';

/** What a watch of an API server in memory gives, until the signal aborts or it breaks. */
export class EventStream<T> {
  readonly collection: string;
  readonly #signal: AbortSignal;
  readonly #waiting: WatchEvent<T>[] = [];
  #news = Promise.withResolvers<void>();
  #isBroken = false;

  constructor(collection: string, signal: AbortSignal) {
    this.collection = collection;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#news.resolve(), { once: true });
  }

  push(event: WatchEvent<T>): void {
    this.#waiting.push(event);
    this.#news.resolve();
  }

  /** The connection is gone. */
  readonly break = (): void => {
    this.#isBroken = true;
    this.#news.resolve();
  };

  async *events(): AsyncGenerator<WatchEvent<T>> {
    while (!this.#signal.aborted) {
      await this.#news.promise;
      this.#news = Promise.withResolvers();
      yield* this.#waiting.splice(0);
      if (this.#isBroken) throw new Error('socket hang up');
    }
  }
}

type Selectable = {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly nodeName?: string } | undefined;
};

/** Whether the object at `path` is in the collection, `/api/v1/pods?fieldSelector=…`, of one namespace or of all. */
export function isWithin(path: string, object: Selectable, address: string): boolean {
  const selector = new URLSearchParams(address.split('?')[1]).get('fieldSelector') ?? '';
  const [, field, value] = /^(metadata\.name|spec\.nodeName)=(.*)$/.exec(selector) ?? [];
  const actual = field === 'metadata.name' ? object.metadata.name : object.spec?.nodeName;
  return isBelow(path, address) && (field === undefined || actual === value);
}

/** The same, whatever the object says. */
export function isBelow(path: string, address: string): boolean {
  const [collection = ''] = address.split('?');
  const above = path.slice(0, path.lastIndexOf('/'));
  return above === collection || above.replace(/\/namespaces\/[^/]+/, '') === collection;
}

/** Of a path. */
export function namespaceOf(path: string): string | undefined {
  return /\/namespaces\/([^/?]+)\//.exec(path)?.[1];
}
