import type { Labels } from '../../kube/types.ts';
import { labels } from '../labels.ts';
import type { ObservedContainer, ObservedPod, ObservedSandbox, PodIdentity } from '../runtime.ts';
import { type CriClient, lookTimeoutMs } from './client.ts';
import { hasStatus, status } from './cri-error.ts';
import type { KnownPods } from './known-pods.ts';
import type { Container, PodSandbox } from './messages.ts';
import { containerOf, sandboxOf } from './state.ts';
import type { StatusCache } from './status-cache.ts';

export type PodName = { readonly namespace: string; readonly name: string };
type Looker = {
  readonly client: CriClient;
  readonly cache: StatusCache;
  readonly known: KnownPods;
  readonly runtimeName: string;
};
/** Whose pods are looked for: this owner's, or everybody else's. */
export type Whose = { readonly owner: string; readonly foreign?: boolean };

/** Every pod of this owner, or of all others, or those of one namespace/name, newest attempts first. */
export async function observePods(
  looker: Looker,
  { owner, foreign = false }: Whose,
  only: PodName | undefined,
): Promise<readonly ObservedPod[]> {
  const labelSelector = { ...(foreign ? {} : { [labels.owner]: owner }), ...(only === undefined ? {} : named(only)) };
  const wanted = (item: { readonly labels: Labels }) => !foreign || item.labels[labels.owner] !== owner;
  const [sandboxes, containers] = await Promise.all([
    listSandboxes(looker.client, { labelSelector }),
    listContainers(looker.client, { labelSelector }),
  ]);
  if (only === undefined && !foreign) looker.cache.keepOnly([...sandboxes, ...containers].map(({ id }) => id));
  const [seenSandboxes, seenContainers] = await Promise.all([
    Promise.all(sandboxes.filter(wanted).map((sandbox) => observeSandbox(looker, sandbox))),
    Promise.all(containers.filter(wanted).map((container) => observeContainer(looker, container))),
  ]);
  const pods = group(
    seenSandboxes.flatMap((sandbox) => sandbox ?? []),
    seenContainers.flatMap((container) => container ?? []),
  );
  if (!foreign) learn(looker.known, pods);
  return foreign ? pods.map((pod) => ({ ...pod, foreign: true })) : pods;
}

function learn(known: KnownPods, pods: readonly ObservedPod[]): void {
  for (const { pod, sandboxes, containers } of pods) {
    for (const { id } of sandboxes) known.learn(id, { pod, kind: 'sandbox' });
    for (const { id } of containers) known.learn(id, { pod, kind: 'container' });
  }
}

/** Names of ready sandboxes of this namespace/name that are not this owner's, with their runtime's ID. */
export async function foreignPods(client: CriClient, pod: PodName, owner: string): Promise<readonly string[]> {
  const listed = await listSandboxes(client, { labelSelector: named(pod) });
  const others = listed.filter((item) => item.state === 'SANDBOX_READY' && item.labels[labels.owner] !== owner);
  return others.map(({ id, metadata }) => `sandbox ${id.slice(0, 13)} of UID ${metadata?.uid ?? 'unknown'}`);
}

type Filter = { readonly podSandboxId?: string; readonly labelSelector?: Labels };

export async function listSandboxes(client: CriClient, filter: Filter): Promise<readonly PodSandbox[]> {
  const what = 'cannot list sandboxes';
  return (await client.call('ListPodSandbox', { filter }, { what, timeoutMs: lookTimeoutMs })).items;
}

export async function listContainers(client: CriClient, filter: Filter): Promise<readonly Container[]> {
  const what = 'cannot list containers';
  return (await client.call('ListContainers', { filter }, { what, timeoutMs: lookTimeoutMs })).containers;
}

/** Labels of what belongs to the pods of this name. */
export function named({ namespace, name }: PodName): Labels {
  return { [labels.podName]: name, [labels.podNamespace]: namespace };
}

/** Undefined when it is gone meanwhile. */
async function observeSandbox({ client, cache }: Looker, listed: PodSandbox): Promise<ObservedSandbox | undefined> {
  const { id, state } = listed;
  const known = cache.sandbox(id, state);
  if (known !== undefined) return sandboxOf(listed, known);
  const what = `cannot look at sandbox ${id.slice(0, 13)}`;
  const answer = await client
    .call('PodSandboxStatus', { podSandboxId: id }, { what, timeoutMs: lookTimeoutMs })
    .catch(goneIsNull);
  const told = answer?.status ?? undefined;
  if (told === undefined) return undefined;
  cache.setSandbox(told);
  return sandboxOf({ ...listed, state: told.state }, told);
}

async function observeContainer(
  { client, cache, runtimeName }: Looker,
  listed: Container,
): Promise<ObservedContainer | undefined> {
  const { id, state } = listed;
  const known = cache.container(id, state);
  if (known !== undefined) return containerOf(listed, known, runtimeName);
  const events = cache.eventsOf(id);
  const what = `cannot look at container ${id.slice(0, 13)}`;
  const answer = await client
    .call('ContainerStatus', { containerId: id }, { what, timeoutMs: lookTimeoutMs })
    .catch(goneIsNull);
  const told = answer?.status ?? undefined;
  if (told === undefined) return undefined;
  cache.setContainer(told, events);
  return containerOf(listed, told, runtimeName);
}

function goneIsNull(thrown: unknown): null {
  if (hasStatus(thrown, status.notFound)) return null;
  throw thrown;
}

function group(
  sandboxes: readonly ObservedSandbox[],
  containers: readonly ObservedContainer[],
): readonly ObservedPod[] {
  const pods = new Map<string, { pod: PodIdentity; sandboxes: ObservedSandbox[]; containers: ObservedContainer[] }>();
  const placeOf = (pod: PodIdentity) => {
    const key = `${pod.namespace}/${pod.name}/${pod.uid}`;
    const place = pods.get(key) ?? { pod, sandboxes: [], containers: [] };
    pods.set(key, place);
    return place;
  };
  for (const sandbox of sandboxes) placeOf(sandbox.pod).sandboxes.push(sandbox);
  for (const container of containers) placeOf(container.pod).containers.push(container);
  const newestFirst = (a: { attempt: number }, b: { attempt: number }) => b.attempt - a.attempt;
  for (const pod of pods.values()) {
    pod.sandboxes.sort(newestFirst);
    pod.containers.sort(newestFirst);
  }
  return [...pods.values()];
}
