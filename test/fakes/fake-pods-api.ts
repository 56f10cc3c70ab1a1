import {
  ApiStatusError,
  type KubeClient,
  type KubeObject,
  type WatchCallOptions,
  type WatchEvent,
} from '../../src/kube/client.ts';
import type { Labels, ObjectMeta } from '../../src/kube/types.ts';
import { aKubeClient } from './init-context.ts';

export type StoredObject = {
  readonly metadata: ObjectMeta;
  readonly spec?: { readonly nodeName?: string; readonly containers?: readonly { readonly image: string }[] };
  readonly status?: Record<string, unknown>;
  readonly [other: string]: unknown;
};

export type ApiCall = {
  readonly method: 'GET' | 'LIST' | 'POST' | 'PATCH' | 'DELETE' | 'WATCH';
  readonly path: string;
};

/** An API server's pods and events in memory: names, versions, preconditions, a watch; and whatever a test makes it refuse. */
export class FakePodsApi {
  readonly objects = new Map<string, StoredObject>();
  readonly calls: ApiCall[] = [];
  readonly namespaces = new Set(['default', 'kube-system']);
  /** Nobody answers. */
  isDown = false;
  /** Asked before each call; what it throws is the answer. */
  onCall: (call: ApiCall) => void | Promise<void> = () => {};
  #version = 100;
  #watchers = new Set<(event: WatchEvent<StoredObject>) => void>();

  readonly client: KubeClient = aKubeClient({
    get: async <T>(path: string) => {
      await this.#call('GET', path);
      return this.objects.get(path) as T | undefined;
    },
    list: async <T>(path: string) => {
      await this.#call('LIST', path);
      return { metadata: { resourceVersion: String(this.#version) }, items: this.pods() as readonly unknown[] as T[] };
    },
    createObject: async <T extends KubeObject>(path: string, object: T) => {
      await this.#call('POST', path);
      return this.#create(path, object as unknown as StoredObject) as unknown as T;
    },
    patch: async <T>(path: string, change: unknown) => {
      await this.#call('PATCH', path);
      return this.#patch(path, change as StoredObject) as unknown as T;
    },
    remove: async (path, options) => {
      await this.#call('DELETE', path);
      return this.#remove(path, options?.uid);
    },
    watch: <T>(path: string, options: WatchCallOptions) => this.#watch(path, options) as AsyncIterable<WatchEvent<T>>,
  });

  pods(): readonly StoredObject[] {
    return [...this.objects].filter(([path]) => path.includes('/pods/')).map(([, object]) => object);
  }

  pod(name: string, namespace = 'default'): StoredObject | undefined {
    return this.objects.get(`/api/v1/namespaces/${namespace}/pods/${name}`);
  }

  events(): readonly StoredObject[] {
    return [...this.objects].filter(([path]) => path.includes('/events/')).map(([, object]) => object);
  }

  /** Calls of a kind so far. */
  count(method: ApiCall['method'], part = ''): number {
    return this.calls.filter((call) => call.method === method && call.path.includes(part)).length;
  }

  /** Somebody makes or changes an object, as an administrator may. */
  set(path: string, object: StoredObject): void {
    const known = this.objects.get(path);
    this.#version += 1;
    const uid = object.metadata.uid ?? known?.metadata.uid ?? `uid-${this.#version}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(this.#version) } };
    this.objects.set(path, stored);
    this.#tell({ type: known === undefined ? 'ADDED' : 'MODIFIED', object: stored }, path);
  }

  /** Somebody changes a pod. */
  edit(name: string, change: (pod: StoredObject) => StoredObject): void {
    const path = `/api/v1/namespaces/default/pods/${name}`;
    const pod = this.objects.get(path);
    if (pod !== undefined) this.set(path, change(pod));
  }

  /** As `kubectl delete --force`. */
  forceDelete(name: string): void {
    this.#remove(`/api/v1/namespaces/default/pods/${name}`, undefined);
  }

  async #call(method: ApiCall['method'], path: string): Promise<void> {
    this.calls.push({ method, path });
    if (this.isDown) throw new Error('connect ECONNREFUSED 192.0.2.1:6443');
    await this.onCall({ method, path });
  }

  #create(path: string, object: StoredObject): StoredObject {
    const namespace = /namespaces\/([^/]+)/.exec(path)?.[1] ?? '';
    if (!this.namespaces.has(namespace)) throw refusal(404, 'NotFound', `namespaces "${namespace}" not found`);
    const place = `${path}/${object.metadata.name}`;
    if (this.objects.has(place)) throw refusal(409, 'AlreadyExists', `"${object.metadata.name}" already exists`);
    const isPod = path.endsWith('/pods');
    const metadata = { ...object.metadata, ...(isPod ? { generation: 1 } : {}) };
    this.set(place, {
      ...object,
      metadata,
      ...(isPod ? { status: { phase: 'Pending', qosClass: 'BestEffort' } } : {}),
    });
    return this.objects.get(place) as StoredObject;
  }

  #patch(path: string, change: StoredObject): StoredObject {
    const place = path.replace(/\/status$/, '');
    const known = this.objects.get(place);
    if (known === undefined) throw refusal(404, 'NotFound', 'not found');
    const { metadata, status, ...rest } = change;
    if (metadata?.uid !== undefined && metadata.uid !== known.metadata.uid) throw refusal(409, 'Conflict', 'uid');
    const merged = { ...known, ...rest, status: mergeStatus(known.status, status) };
    if (JSON.stringify(merged) !== JSON.stringify(known)) this.set(place, merged);
    return this.objects.get(place) as StoredObject;
  }

  #remove(path: string, uid: string | undefined): boolean {
    const known = this.objects.get(path);
    if (known === undefined) return false;
    if (uid !== undefined && uid !== known.metadata.uid) throw refusal(409, 'Conflict', 'the UID is another');
    this.objects.delete(path);
    this.#version += 1;
    const metadata = { ...known.metadata, resourceVersion: String(this.#version) };
    this.#tell({ type: 'DELETED', object: { ...known, metadata } }, path);
    return true;
  }

  #tell(event: WatchEvent<StoredObject>, path: string): void {
    if (path.includes('/pods/')) for (const watcher of this.#watchers) watcher(event);
  }

  async *#watch(path: string, options: WatchCallOptions): AsyncGenerator<WatchEvent<StoredObject>> {
    const { signal, resourceVersion } = options;
    await this.#call('WATCH', path);
    // It keeps no history.
    if (Number(resourceVersion) < this.#version) throw refusal(410, 'Expired', 'too old resource version');
    const waiting: WatchEvent<StoredObject>[] = [];
    let wake = () => {};
    const watcher = (event: WatchEvent<StoredObject>) => {
      waiting.push(event);
      wake();
    };
    const end = () => wake();
    this.#watchers.add(watcher);
    signal.addEventListener('abort', end);
    while (!signal.aborted && !this.isDown) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    this.#watchers.delete(watcher);
    signal.removeEventListener('abort', end);
  }

  /** Watches end too. */
  goDown(): void {
    this.isDown = true;
    for (const watcher of this.#watchers) watcher({ type: 'BOOKMARK', object: { metadata: { name: '' } } });
  }
}

/** What an API server answers instead of doing it. */
export function refusal(status: number, reason: string, message: string, retryAfterMs?: number): ApiStatusError {
  return new ApiStatusError('REQUEST', status, { reason, message, retryAfterMs });
}

type Condition = { readonly type: string } & Readonly<Record<string, unknown>>;

/** As a strategic merge: conditions by type, `$patch: replace` and other lists as a whole, null removes. */
function mergeStatus(known: StoredObject['status'] = {}, change: StoredObject['status'] = {}): Record<string, unknown> {
  const merged = { ...known };
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete merged[name];
    else if (name === 'conditions') merged[name] = mergeConditions(known.conditions, value);
    else if (Array.isArray(value)) merged[name] = value.filter((item) => (item as Labels).$patch === undefined);
    else merged[name] = value;
  }
  return merged;
}

function mergeConditions(known: unknown, change: unknown): readonly Condition[] {
  const merged = new Map((known as Condition[] | undefined)?.map((condition) => [condition.type, condition]));
  for (const condition of change as Condition[]) {
    const whole = Object.entries({ ...merged.get(condition.type), ...condition }).filter(([, value]) => value !== null);
    merged.set(condition.type, Object.fromEntries(whole) as Condition);
  }
  return [...merged.values()];
}
