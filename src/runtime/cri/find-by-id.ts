import { labels } from '../labels.ts';
import type { PodIdentity } from '../runtime.ts';
import { lookTimeoutMs } from './client.ts';
import type { CriContext } from './context.ts';
import type { Known } from './known-pods.ts';

/** What there is under an ID. `pod` is undefined when it is not ours. */
export type Found = { readonly kind: Known['kind']; readonly running: boolean; readonly pod: PodIdentity | undefined };

type Listed = { readonly labels: Readonly<Record<string, string>> };

/** Looks up one sandbox or container, whoever owns it; undefined when there is none. */
export async function findById(
  context: Pick<CriContext, 'client' | 'owner'>,
  id: string,
  kind?: Known['kind'],
): Promise<Found | undefined> {
  const order = kind === 'sandbox' ? [findSandbox, findContainer] : [findContainer, findSandbox];
  for (const find of order) {
    const found = await find(context, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whose it is by its labels; undefined when it is not of this root directory. */
export function ownPod({ labels: all }: Listed, owner: string): PodIdentity | undefined {
  const { [labels.podName]: name, [labels.podNamespace]: namespace, [labels.podUid]: uid } = all;
  if (all[labels.owner] !== owner || name === undefined || namespace === undefined || uid === undefined)
    return undefined;
  return { name, namespace, uid };
}

async function findContainer({ client, owner }: Pick<CriContext, 'client' | 'owner'>, id: string) {
  const what = 'cannot look for a container';
  const { containers } = await client.call('ListContainers', { filter: { id } }, { what, timeoutMs: lookTimeoutMs });
  const [found] = containers;
  if (found === undefined) return undefined;
  return { kind: 'container', running: found.state === 'CONTAINER_RUNNING', pod: ownPod(found, owner) } as const;
}

async function findSandbox({ client, owner }: Pick<CriContext, 'client' | 'owner'>, id: string) {
  const what = 'cannot look for a sandbox';
  const { items } = await client.call('ListPodSandbox', { filter: { id } }, { what, timeoutMs: lookTimeoutMs });
  const [found] = items;
  if (found === undefined) return undefined;
  return { kind: 'sandbox', running: found.state === 'SANDBOX_READY', pod: ownPod(found, owner) } as const;
}
