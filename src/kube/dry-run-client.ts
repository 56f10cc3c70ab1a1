import type { KubeClient, KubeObject } from './client.ts';

/** What a dry run would have sent to the API server. */
export type PlannedRequest = {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
};

/**
 * A cluster that is not there: every change succeeds and is told to `onChange`, reads find what was made before in the
 * same run, lists are empty, health is good.
 */
export function dryRunKubeClient(server: string, onChange: (request: PlannedRequest) => void): KubeClient {
  const objects = new Map<string, KubeObject>();
  return {
    server,
    get: async <T>(address: string) => {
      const path = address.split('?')[0] ?? address;
      const known = objects.get(path);
      if (known !== undefined) return known as T;
      const collection = /^\/api(s\/[^/]+)?\/v\w+\/(namespaces\/[^/]+\/)?[a-z]+$/.test(path);
      return collection ? ({ items: [] } as T) : undefined;
    },
    create: async (path, object) => {
      const key = `${path}/${object.metadata.name}`;
      if (objects.has(key)) return false;
      objects.set(key, object);
      onChange({ method: 'POST', path, body: object });
      return true;
    },
    patch: async (path, change) => onChange({ method: 'PATCH', path, body: change }),
    remove: async (path) => {
      onChange({ method: 'DELETE', path });
      return objects.delete(path);
    },
    raw: async () => ({ status: 200, text: 'ok' }),
  };
}
