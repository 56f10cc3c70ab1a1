import type { KubeClient, KubeObject, PatchCallOptions, WatchCallOptions, WatchEvent } from '../../src/kube/client.ts';
import type { ObjectMeta } from '../../src/kube/types.ts';
import { refusal, refused } from './api-errors.ts';
import { mergePatch, strategicPatch } from './api-patches.ts';
import { EventStream, isBelow, isWithin, namespaceOf } from './api-watch.ts';

export type StoredObject = {
  readonly metadata: ObjectMeta;
  readonly spec?: { readonly nodeName?: string; readonly containers?: readonly { readonly image: string }[] };
  readonly status?: Record<string, unknown>;
  readonly [other: string]: unknown;
};
type Event = WatchEvent<StoredObject>;
type Fault = Error | undefined;

const pathOf = (address: string) => address.split('?')[0] ?? address;
const none = () => undefined;

/**
 * An API server in memory: versions, UIDs, namespaces, preconditions, refusals, watches without a history; `fault` makes
 * it refuse, hang, or not be there at all.
 */
export class FakeApi {
  readonly server = 'https://192.0.2.10:6443';
  readonly objects = new Map<string, StoredObject>();
  readonly namespaces = new Set(['default', 'kube-system', 'kube-node-lease']);
  /** `METHOD path` of every call, in order. */
  readonly calls: string[] = [];
  /** What it throws instead of doing `METHOD path`, or how long that takes. */
  fault: (call: string) => Fault | Promise<Fault> = none;
  /** Paths that a DELETE does not find though they are there: admission looks into a cache that lags. */
  readonly unseen = new Set<string>();
  #version = 1;
  readonly #changed = new Map<string, number>();
  readonly #watchers = new Set<EventStream<StoredObject>>();

  /** A client; each is another object. */
  client(): KubeClient {
    return {
      server: this.server,
      get: <T>(path: string) => this.#call('GET', path, () => this.#get(path) as T | undefined),
      list: <T>(path: string) =>
        this.#call('LIST', path, () => ({
          metadata: { resourceVersion: String(this.#version) },
          items: this.#within(path) as readonly unknown[] as T[],
        })),
      create: async (path, object) => {
        await this.#call('POST', path, () => this.#create(path, object as StoredObject));
        return true;
      },
      createObject: <T extends KubeObject>(path: string, object: T) =>
        this.#call('POST', path, () => this.#create(path, object as unknown as StoredObject) as unknown as T),
      update: <T extends KubeObject>(path: string, object: T) =>
        this.#call('PUT', path, () => this.#update(path, object as unknown as StoredObject) as unknown as T),
      patch: <T>(path: string, change: unknown, options: PatchCallOptions = {}) =>
        this.#call('PATCH', path, () => this.#patch(path, change as StoredObject, options.type) as unknown as T),
      remove: (path, options) => this.#call('DELETE', path, () => this.#remove(path, options?.uid)),
      watch: <T>(path: string, options: WatchCallOptions) => this.#watch(path, options) as AsyncIterable<WatchEvent<T>>,
      raw: (path) => this.#call('RAW', path, () => ({ status: 200, text: 'ok' })),
    };
  }

  /** Somebody writes an object at this path. */
  put(path: string, object: object): void {
    const given = object as StoredObject;
    const known = this.objects.get(path);
    const uid = given.metadata.uid ?? known?.metadata.uid ?? `uid-${this.#version + 1}`;
    const metadata = { ...given.metadata, uid, resourceVersion: this.#change(path) };
    const stored = { ...given, metadata };
    this.objects.set(path, stored);
    this.#tell(path, { type: known === undefined ? 'ADDED' : 'MODIFIED', object: stored });
  }

  /** Somebody removes it at once, as `kubectl delete --force` does. */
  delete(path: string): boolean {
    const known = this.objects.get(path);
    if (known === undefined) return false;
    this.objects.delete(path);
    const metadata = { ...known.metadata, resourceVersion: this.#change(path) };
    this.#tell(path, { type: 'DELETED', object: { ...known, metadata } });
    return true;
  }

  /** Ends every watch, as an API server that goes away. */
  cut(): void {
    for (const watcher of [...this.#watchers]) watcher.break();
  }

  /** Nobody answers, until `comeBack`. */
  goDown(): void {
    this.fault = refused;
    this.cut();
  }

  comeBack(): void {
    this.fault = none;
  }

  get watches(): number {
    return this.#watchers.size;
  }

  /** Calls of a kind so far. */
  count(method: string, part = ''): number {
    return this.calls.filter((call) => call.startsWith(`${method} `) && call.includes(part)).length;
  }

  async #call<T>(method: string, path: string, work: () => T): Promise<T> {
    const call = `${method} ${path}`;
    this.calls.push(call);
    const fault = await this.fault(call);
    if (fault !== undefined) throw fault;
    return work();
  }

  #get(path: string): unknown {
    if (path === '/version') return { gitVersion: 'v1.37.2' };
    return this.objects.get(pathOf(path));
  }

  #within(path: string): readonly StoredObject[] {
    return [...this.objects].flatMap(([key, object]) => (isWithin(key, object, path) ? [object] : []));
  }

  #create(path: string, object: StoredObject): StoredObject {
    const request = `POST ${path}`;
    const namespace = namespaceOf(path);
    if (namespace !== undefined && !this.namespaces.has(namespace)) {
      throw refusal(request, 404, 'NotFound', { message: `namespaces "${namespace}" not found` });
    }
    const place = `${pathOf(path)}/${object.metadata.name}`;
    if (this.objects.has(place)) throw refusal(request, 409, 'AlreadyExists');
    const isPod = path.endsWith('/pods');
    const begun = {
      metadata: { ...object.metadata, generation: 1 },
      status: { phase: 'Pending', qosClass: 'BestEffort' },
    };
    this.put(place, { ...object, ...(isPod ? begun : {}) });
    return this.#stored(place, request);
  }

  #update(path: string, object: StoredObject): StoredObject {
    const request = `PUT ${path}`;
    const known = this.#stored(pathOf(path), request);
    const { resourceVersion = known.metadata.resourceVersion } = object.metadata;
    if (resourceVersion !== known.metadata.resourceVersion) throw refusal(request, 409, 'Conflict');
    this.put(pathOf(path), object);
    return this.#stored(pathOf(path), request);
  }

  #patch(path: string, change: StoredObject, type: PatchCallOptions['type']): StoredObject {
    const request = `PATCH ${path}`;
    const place = pathOf(path).replace(/\/status$/, '');
    const known = this.#stored(place, request);
    const { uid = known.metadata.uid } = change.metadata ?? {};
    if (uid !== known.metadata.uid) throw refusal(request, 409, 'Conflict');
    const changed = type === 'strategic' ? strategicPatch(known, change) : mergePatch(known, change);
    if (JSON.stringify(changed) !== JSON.stringify(known)) this.put(place, changed as StoredObject);
    return this.#stored(place, request);
  }

  #remove(path: string, uid: string | undefined): boolean {
    if (this.unseen.has(pathOf(path))) return false;
    const known = this.objects.get(pathOf(path));
    if (known !== undefined && uid !== undefined && uid !== known.metadata.uid) {
      throw refusal(`DELETE ${path}`, 409, 'Conflict');
    }
    return this.delete(pathOf(path));
  }

  #stored(place: string, request: string): StoredObject {
    const stored = this.objects.get(place);
    if (stored === undefined) throw refusal(request, 404, 'NotFound');
    return stored;
  }

  async *#watch(path: string, { signal, resourceVersion }: WatchCallOptions): AsyncGenerator<Event> {
    const stream = new EventStream<StoredObject>(path, signal);
    const from = Number(resourceVersion);
    await this.#call('WATCH', path, () => {
      const missed = [...this.#changed].some(([key, version]) => version > from && isBelow(key, path));
      if (missed) throw refusal(`WATCH ${path}`, 410, 'Expired');
      this.#watchers.add(stream);
    });
    try {
      yield* stream.events();
    } finally {
      this.#watchers.delete(stream);
    }
  }

  #change(path: string): string {
    this.#version += 1;
    this.#changed.set(path, this.#version);
    return String(this.#version);
  }

  #tell(path: string, event: Event): void {
    for (const watcher of this.#watchers) {
      if (isWithin(path, event.object, watcher.collection)) watcher.push(event);
    }
  }
}
