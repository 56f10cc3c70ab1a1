import { objectPath, type WantedObject } from '../../src/cluster/wanted-object.ts';
import { ApiStatusError, type KubeClient } from '../../src/kube/client.ts';
import { aKubeClient } from './init-context.ts';

/** A ConfigMap that the configuration wants; its members are texts. */
export function wantedMap(
  name: string,
  data: Readonly<Record<string, string>>,
  phase: WantedObject['phase'] = 'upload-config/kubelet',
): WantedObject {
  const metadata = { name, namespace: 'kube-system' };
  return { phase, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } };
}

/** An API server that has these objects and takes what is applied whole; `failing` calls are refused first. */
export function clusterWith(objects: readonly WantedObject[], faults: { failing?: number; status?: number } = {}) {
  const stored = new Map<string, unknown>(objects.map(({ object }) => [objectPath(object), object]));
  const read: string[] = [];
  const written: string[] = [];
  let failing = faults.failing ?? 0;
  const refuse = (path: string) => {
    if (failing === 0) return;
    failing -= 1;
    if (faults.status === undefined) throw new Error('connect ECONNREFUSED 10.0.0.1:6443');
    throw new ApiStatusError(`GET ${path}`, faults.status, { reason: '', message: 'refused by a webhook' });
  };
  const client = aKubeClient({
    get: async <T>(path: string) => {
      refuse(path);
      read.push(nameOf(path));
      return stored.get(path.split('?')[0] ?? '') as T | undefined;
    },
    patch: async <T>(path: string, change: unknown) => {
      const [target = path, query] = path.split('?');
      if (query !== 'dryRun=All') {
        stored.set(target, change);
        written.push(nameOf(target));
      }
      return change as T;
    },
  } satisfies Partial<KubeClient>);
  return { client, stored, read, written };
}

function nameOf(path: string): string {
  return (path.split('?')[0] ?? '').split('/').at(-1) ?? '';
}
