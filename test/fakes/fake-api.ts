import {
  ApiStatusError,
  type KubeClient,
  type KubeObject,
  type PatchCallOptions,
  type WatchCallOptions,
  type WatchEvent,
} from '../../src/kube/client.ts';

type Stored = KubeObject & {
  readonly metadata: { readonly uid?: string; readonly resourceVersion?: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string }[] };
};
type Watcher = {
  readonly collection: string;
  readonly field: string | undefined;
  push(event: WatchEvent<Stored>): void;
};

const pathOf = (address: string) => address.split('?')[0] ?? address;

/** An API server in memory: versions, UIDs, 404, 409 and watches; `fault` makes it refuse, or not be there at all. */
export class FakeApi {
  readonly server = 'https://192.0.2.10:6443';
  readonly objects = new Map<string, Stored>();
  /** `METHOD path` of every call, in order. */
  readonly calls: string[] = [];
  readonly bodies: unknown[] = [];
  /** What it throws instead of doing `METHOD path`. */
  fault: (call: string) => Error | undefined = () => undefined;
  #version = 1;
  #watchers = new Set<Watcher>();
  #breaks = new Set<() => void>();

  /** A client; each is another object. */
  client(): KubeClient {
    return {
      server: this.server,
      get: async <T>(path: string) => this.#call('GET', path, () => this.#get(path) as T | undefined),
      list: async <T>(path: string) =>
        this.#call('LIST', path, () => ({
          metadata: { resourceVersion: String(this.#version) },
          items: this.#within(path) as unknown as T[],
        })),
      create: async (path, object) => {
        this.#call('POST', path, () => this.#create(path, object), object);
        return true;
      },
      createObject: async <T extends KubeObject>(path: string, object: T) =>
        this.#call('POST', path, () => this.#create(path, object), object) as unknown as T,
      update: async <T extends KubeObject>(path: string, object: T) =>
        this.#call('PUT', path, () => this.#update(path, object), object) as unknown as T,
      patch: async <T>(path: string, change: unknown, options: PatchCallOptions = {}) =>
        this.#call('PATCH', path, () => this.#patch(path, change, options.type), change) as unknown as T,
      remove: async (path) => this.#call('DELETE', path, () => this.delete(pathOf(path))),
      watch: <T>(path: string, options: WatchCallOptions) => this.#watch(path, options) as AsyncIterable<WatchEvent<T>>,
      raw: async (path) => this.#call('RAW', path, () => ({ status: 200, text: 'ok' })),
    };
  }

  /** Somebody writes an object at this path. */
  put(path: string, object: unknown): void {
    const before = this.objects.get(path);
    this.#version += 1;
    const given = object as Stored;
    const uid = given.metadata.uid ?? before?.metadata.uid ?? `uid-${this.#version}`;
    const stored = { ...given, metadata: { ...given.metadata, uid, resourceVersion: String(this.#version) } };
    this.objects.set(path, stored);
    this.#tell(path, { type: before === undefined ? 'ADDED' : 'MODIFIED', object: stored });
  }

  /** Somebody removes it. */
  delete(path: string): boolean {
    const stored = this.objects.get(path);
    if (stored === undefined || !this.objects.delete(path)) return false;
    this.#version += 1;
    this.#tell(path, { type: 'DELETED', object: stored });
    return true;
  }

  /** Ends every watch, as an API server that goes away. */
  cut(): void {
    for (const end of [...this.#breaks]) end();
  }

  get watches(): number {
    return this.#watchers.size;
  }

  #call<T>(method: string, path: string, work: () => T, body?: unknown): T {
    const call = `${method} ${path}`;
    this.calls.push(call);
    const fault = this.fault(call);
    if (fault !== undefined) throw fault;
    if (body !== undefined) this.bodies.push(body);
    return work();
  }

  #get(path: string): unknown {
    if (path === '/version') return { gitVersion: 'v1.37.2' };
    return this.objects.get(pathOf(path));
  }

  #within(path: string): Stored[] {
    const [collection = '', query = ''] = path.split('?');
    const field = new URLSearchParams(query).get('fieldSelector') ?? undefined;
    return [...this.objects]
      .filter(([key]) => key.slice(0, key.lastIndexOf('/')) === collection)
      .map(([, object]) => object)
      .filter((object) => isSelected(object, field));
  }

  #create(path: string, object: KubeObject): Stored {
    const key = `${pathOf(path)}/${object.metadata.name}`;
    if (this.objects.has(key)) throw refusal(`POST ${path}`, 409, 'AlreadyExists');
    this.put(key, object);
    return this.objects.get(key) as Stored;
  }

  #update(path: string, object: Stored): Stored {
    const before = this.objects.get(pathOf(path));
    if (before === undefined) throw refusal(`PUT ${path}`, 404, 'NotFound');
    const version = object.metadata.resourceVersion;
    if (version !== undefined && version !== before.metadata.resourceVersion) {
      throw refusal(`PUT ${path}`, 409, 'Conflict');
    }
    this.put(pathOf(path), object);
    return this.objects.get(pathOf(path)) as Stored;
  }

  #patch(path: string, change: unknown, type: PatchCallOptions['type']): Stored {
    const key = pathOf(path).replace(/\/status$/, '');
    const before = this.objects.get(key);
    if (before === undefined) throw refusal(`PATCH ${path}`, 404, 'NotFound');
    this.put(key, type === 'strategic' ? strategic(before, change) : merge(before, change));
    return this.objects.get(key) as Stored;
  }

  async *#watch(path: string, { signal }: WatchCallOptions): AsyncGenerator<WatchEvent<Stored>> {
    this.#call('WATCH', path, () => undefined);
    const [collection = '', query = ''] = path.split('?');
    const field = new URLSearchParams(query).get('fieldSelector') ?? undefined;
    const waiting: WatchEvent<Stored>[] = [];
    let news = Promise.withResolvers<void>();
    let over: 'ended' | 'broken' | undefined;
    const watcher: Watcher = {
      collection,
      field,
      push: (event) => {
        waiting.push(event);
        news.resolve();
      },
    };
    const end = (how: 'ended' | 'broken') => () => {
      over ??= how;
      news.resolve();
    };
    const broken = end('broken');
    this.#watchers.add(watcher);
    this.#breaks.add(broken);
    signal.addEventListener('abort', end('ended'), { once: true });
    try {
      for (;;) {
        await news.promise;
        news = Promise.withResolvers();
        for (const event of waiting.splice(0)) yield event;
        if (over === 'broken') throw new Error('socket hang up');
        if (over === 'ended' || signal.aborted) return;
      }
    } finally {
      this.#watchers.delete(watcher);
      this.#breaks.delete(broken);
    }
  }

  #tell(path: string, event: WatchEvent<Stored>): void {
    const collection = path.slice(0, path.lastIndexOf('/'));
    for (const watcher of this.#watchers) {
      if (watcher.collection === collection && isSelected(event.object, watcher.field)) watcher.push(event);
    }
  }
}

/** The error of a refusal, as the client makes it. */
export function refusal(request: string, status: number, reason: string, retryAfterMs?: number): ApiStatusError {
  return new ApiStatusError(request, status, { reason, message: `it is ${reason}`, retryAfterMs });
}

/** The error of a server that is not up. */
export function refused(): Error {
  return Object.assign(new Error('connect ECONNREFUSED 192.0.2.10:6443'), { code: 'ECONNREFUSED' });
}

function isSelected({ metadata }: Stored, field: string | undefined): boolean {
  const [, name] = /^metadata\.name=(.*)$/.exec(field ?? '') ?? [];
  return name === undefined || name === metadata.name;
}

/** RFC 7386. */
function merge(before: unknown, change: unknown): unknown {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return change;
  const target: Record<string, unknown> = { ...(before as Record<string, unknown>) };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete target[key];
    else target[key] = merge(target[key], value);
  }
  return target;
}

/** As far as a Node's status needs it: conditions by type, `$patch: replace`. */
function strategic(before: unknown, change: unknown): unknown {
  const { conditions = [], addresses, ...status } = (change as { status: Record<string, unknown[]> }).status;
  const old = (before as Stored).status?.conditions ?? [];
  const fresh = conditions as { type: string }[];
  const kept = old.filter(({ type }) => !fresh.some((condition) => condition.type === type));
  const whole = addresses?.filter((entry) => !(entry as object).hasOwnProperty.call(entry, '$patch'));
  return merge(before, { status: { ...status, conditions: [...kept, ...fresh], ...(whole && { addresses: whole }) } });
}
