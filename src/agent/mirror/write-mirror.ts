import { shortHash } from '../../base/hash.ts';
import { Slots } from '../../base/slots.ts';
import { ApiStatusError, type KubeClient } from '../../kube/client.ts';
import type { Labels } from '../../kube/types.ts';
import { type ApiPod, foundPod } from './found-pod.ts';
import type { FoundPods } from './found-pods.ts';
import type { MirrorAction, Written } from './plan-mirror.ts';
import { statusPatch } from './status-patch.ts';

/** Webhooks may take 30 s: what the API server says of one that hangs is worth the wait, and nobody else waits. */
const timeoutMs = 40_000;

export type MirrorWrite = {
  readonly client: KubeClient;
  readonly found: FoundPods;
  readonly written: Map<string, Written>;
  readonly slots: MirrorSlots;
  readonly signal: AbortSignal;
};

/** Fifty pods shall not make fifty connections; and what webhooks hold up, the making, holds up nothing else. */
export type MirrorSlots = { readonly create: Slots; readonly change: Slots };

const mostAtATime = 8;

export function mirrorSlots(): MirrorSlots {
  return { create: new Slots(mostAtATime), change: new Slots(mostAtATime) };
}

/** Does it, and notes what the API server has made of it. Throws what it refuses. */
export async function writeMirror(write: MirrorWrite, key: string, action: MirrorAction): Promise<void> {
  switch (action.do) {
    case 'create':
      return write.slots.create.run(() => create(write, key, action));
    case 'delete':
      return write.slots.change.run(() => remove(write, key, action.uid));
    case 'set-status':
      return write.slots.change.run(() => setStatus(write, key, action));
  }
}

async function create(
  { client, found, written, signal }: MirrorWrite,
  key: string,
  { body }: MirrorAction & { readonly do: 'create' },
): Promise<void> {
  const options = { timeoutMs, signal };
  try {
    const stored = await client.createObject(collectionOf(key), body, options);
    const { uid = '', labels = {}, annotations = {} } = stored.metadata;
    const kept = (now: Labels, wanted: Labels = {}) =>
      Object.fromEntries(Object.keys(wanted).map((name) => [name, now[name] ?? '']));
    const { labels: ownLabels, annotations: ownAnnotations } = body.metadata;
    written.set(key, { uid, labels: kept(labels, ownLabels), annotations: kept(annotations, ownAnnotations) });
    found.put(stored);
  } catch (thrown) {
    if (!(thrown instanceof ApiStatusError) || thrown.status !== 409) throw thrown;
    // Somebody was faster, or the watch is behind: what is there decides.
    const there = await client.get<ApiPod & Placed>(pathOf(key), options);
    if (there !== undefined && there.spec?.nodeName !== body.spec.nodeName) throw thrown;
    if (there !== undefined) found.put(there);
  }
}

type Placed = { readonly spec?: { readonly nodeName?: string } };

/** At once: nothing of a mirror pod runs that would need time to stop. Another one of the name is left alone. */
async function remove({ client, found, written, signal }: MirrorWrite, key: string, uid: string): Promise<void> {
  try {
    const isGone = await client.remove(pathOf(key), { uid, graceSeconds: 0, timeoutMs, signal });
    // What NodeRestriction's own cache does not have yet is not found (plugin/pkg/admission/noderestriction), and there.
    if (!isGone) return await lookAgain({ client, found, signal }, key, uid);
    found.drop(key, uid);
    written.delete(key);
  } catch (thrown) {
    if (!(thrown instanceof ApiStatusError) || thrown.status !== 409) throw thrown;
    await lookAgain({ client, found, signal }, key, uid);
  }
}

async function setStatus(
  { client, found, written, signal }: MirrorWrite,
  key: string,
  { uid, status }: MirrorAction & { readonly do: 'set-status' },
): Promise<void> {
  try {
    const options = { type: 'strategic', timeoutMs, signal } as const;
    const stored = await client.patch<ApiPod>(`${pathOf(key)}/status`, statusPatch(uid, status), options);
    const before = written.get(key);
    const known = before?.uid === uid ? before : { uid };
    written.set(key, { ...known, sent: shortHash(status), stored: foundPod(stored).statusHash });
    found.put(stored);
  } catch (thrown) {
    if (!(thrown instanceof ApiStatusError)) throw thrown;
    // A container of a pod that never restarts cannot run again in the API's eyes: only another mirror pod can say so.
    if (thrown.status === 422) written.set(key, { uid, isUnfit: true });
    if (![404, 409].includes(thrown.status)) throw thrown;
    await lookAgain({ client, found, signal }, key, uid);
  }
}

/** It is not the pod that was meant. */
async function lookAgain(
  { client, found, signal }: Pick<MirrorWrite, 'client' | 'found' | 'signal'>,
  key: string,
  uid: string,
): Promise<void> {
  const there = await client.get<ApiPod>(pathOf(key), { signal });
  if (there === undefined || there.metadata.uid !== uid) found.drop(key, uid);
  if (there !== undefined) found.put(there);
}

function collectionOf(key: string): string {
  return `/api/v1/namespaces/${key.split('/')[0]}/pods`;
}

function pathOf(key: string): string {
  return `${collectionOf(key)}/${key.split('/')[1]}`;
}
