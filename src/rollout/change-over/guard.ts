import { messageOf } from '../../base/errors.ts';
import { ApiStatusError, type KubeClient } from '../../kube/client.ts';
import { isObject } from '../../kube/decode-fields.ts';

/** What `default/kubernetes` leads to, in both of its forms; the fields that a leaving API server changes. */
const guarded = [
  { path: '/api/v1/namespaces/default/endpoints/kubernetes', filled: 'subsets', with: [] },
  {
    path: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes',
    filled: 'endpoints',
    with: ['ports'],
  },
] as const;

type Guarded = (typeof guarded)[number];
type Found = Readonly<Record<string, unknown>>;
type Before = { readonly what: Guarded; readonly found: Found };

/** The addresses of the service `kubernetes` as they are. */
export type ServiceAddresses = readonly Before[];

/** Reads them before an API server leaves; what is empty or not there (no reconciler) is left out. */
export async function readServiceAddresses(client: KubeClient): Promise<ServiceAddresses> {
  const before = await Promise.all(
    guarded.map(async (what): Promise<readonly Before[]> => {
      const found = await client.get(what.path);
      return isObject(found) && isFilled(found, what) ? [{ what, found }] : [];
    }),
  );
  return before.flat();
}

/**
 * Writes back what the leaving API server has emptied: as old and new have the same address, it took the new one's, which
 * would put it back only with its next tick. True when it had to. Somebody else's change in between wins.
 */
export async function restoreServiceAddresses(client: KubeClient, before: ServiceAddresses): Promise<boolean> {
  const restored = await Promise.all(before.map((item) => restore(client, item)));
  return restored.some(Boolean);
}

async function restore(client: KubeClient, { what, found }: Before): Promise<boolean> {
  const now = await client.get(what.path);
  if (!isObject(now) || isFilled(now, what)) return false;
  const { resourceVersion } = isObject(now.metadata) ? now.metadata : {};
  const fields = Object.fromEntries([what.filled, ...what.with].map((name) => [name, found[name] ?? null]));
  try {
    await client.patch(what.path, { metadata: { resourceVersion }, ...fields });
    return true;
  } catch (thrown) {
    if (thrown instanceof ApiStatusError && thrown.status === 409) return false;
    throw new Error(`${what.path} cannot be written back: ${messageOf(thrown)}`, { cause: thrown });
  }
}

function isFilled(object: Found, { filled }: Guarded): boolean {
  const value = object[filled];
  return Array.isArray(value) && value.length > 0;
}
