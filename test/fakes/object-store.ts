import type { ApiObject } from '../../src/cluster/wanted-object.ts';
import { ApiStatusError, type KubeClient } from '../../src/kube/client.ts';
import { aKubeClient } from './init-context.ts';

/** A cluster that keeps what is applied to it, by path; `writes` counts what was changed. */
export class ObjectStore {
  readonly objects = new Map<string, ApiObject>();
  writes = 0;
  readonly calls: string[] = [];
  /** What `METHOD path` throws instead. */
  fault: (call: string) => Error | undefined = () => undefined;

  readonly client: KubeClient = aKubeClient({
    get: async <T>(path: string) =>
      this.#do(`GET ${path}`, () => this.objects.get(path.split('?')[0] ?? '') as T | undefined),
    list: async <T>(path: string) =>
      this.#do(`LIST ${path}`, () => {
        const below = `${path.split('?')[0]}/`;
        const items = [...this.objects].filter(([key]) => key.startsWith(below)).map(([, object]) => object as T);
        return { metadata: { resourceVersion: '1' }, items };
      }),
    patch: async <T>(path: string, change: unknown) =>
      this.#do(`PATCH ${path}`, () => this.#put(path, joined(this.objects.get(path.split('?')[0] ?? ''), change)) as T),
    createObject: async (path, object) =>
      this.#do(`POST ${path}`, () => {
        this.#put(`${path}/${object.metadata.name}`, { ...object, metadata: { ...object.metadata, uid: 'uid-1' } });
        return { ...object, metadata: { ...object.metadata, uid: 'uid-1' } };
      }),
    remove: async (path) => this.#do(`DELETE ${path}`, () => this.objects.delete(path)),
  });

  #do<T>(call: string, work: () => T): T {
    this.calls.push(call);
    const thrown = this.fault(call);
    if (thrown !== undefined) throw thrown;
    return work();
  }

  #put(path: string, object: unknown): ApiObject {
    const stored = object as ApiObject;
    if (path.endsWith('?dryRun=All')) return stored;
    if (JSON.stringify(this.objects.get(path)) !== JSON.stringify(stored)) this.writes += 1;
    this.objects.set(path, stored);
    return stored;
  }
}

export function refusal(status: number, reason: string): ApiStatusError {
  return new ApiStatusError('PATCH x', status, { reason, message: `it is ${reason}` });
}

/** Maps are joined, everything else is replaced. */
function joined(below: unknown, above: unknown): unknown {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(below) || !isMap(above)) return above;
  const members = Object.entries(above).map(([name, value]) => [name, joined(below[name], value)]);
  return { ...below, ...Object.fromEntries(members) };
}
