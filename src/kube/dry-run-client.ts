import { ApiStatusError, type KubeClient, type KubeObject, type PatchCallOptions } from './client.ts';

/** What a dry run would have sent to the API server. */
export type PlannedRequest = {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
};

/**
 * A cluster that is not there: every change succeeds and is told to `onChange`, reads find what was made before in the
 * same run, lists are empty, health is good.
 */
export function dryRunKubeClient(server: string, onChange: (request: PlannedRequest) => void): KubeClient {
  const objects = new Map<string, KubeObject>();
  const add = (path: string, object: KubeObject): boolean => {
    const key = `${pathOf(path)}/${object.metadata.name}`;
    if (objects.has(key)) return false;
    objects.set(key, object);
    onChange({ method: 'POST', path, body: object });
    return true;
  };
  const within = (path: string) => [...objects].filter(([key]) => key.startsWith(`${pathOf(path)}/`));
  return {
    server,
    get: async <T>(address: string) => {
      const path = pathOf(address);
      const known = objects.get(path);
      if (known !== undefined) return known as T;
      const collection = /^\/api(s\/[^/]+)?\/v\w+\/(namespaces\/[^/]+\/)?[a-z]+$/.test(path);
      return collection ? ({ items: [] } as T) : undefined;
    },
    list: async <T>(path: string) => ({
      metadata: { resourceVersion: '1' },
      items: within(path).map(([, object]) => object as T),
    }),
    create: async (path, object) => add(path, object),
    createObject: async (path, object) => {
      if (add(path, object)) return object;
      const message = `${object.metadata.name} already exists`;
      throw new ApiStatusError(`POST ${path}`, 409, { reason: 'AlreadyExists', message });
    },
    update: async (path, object) => {
      objects.set(pathOf(path), object);
      onChange({ method: 'PUT', path, body: object });
      return object;
    },
    patch: async <T>(path: string, change: unknown, { type }: PatchCallOptions = {}) => {
      if (type === 'apply') objects.set(pathOf(path), change as KubeObject);
      onChange({ method: 'PATCH', path, body: change });
      return change as T;
    },
    remove: async (path) => {
      onChange({ method: 'DELETE', path });
      return objects.delete(pathOf(path));
    },
    watch: nothingHappens,
    raw: async () => ({ status: 200, text: 'ok' }),
  };
}

const pathOf = (address: string) => address.split('?')[0] ?? address;

/** Ends with the signal alone. */
async function* nothingHappens<T>(_path: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<T> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
