import type Docker from 'dockerode';
import { labels } from '../labels.ts';
import type { ObservedContainer, ObservedPod, ObservedSandbox, PodIdentity } from '../runtime.ts';
import { type DockerClient, lookTimeoutMs } from './client.ts';
import { hasStatus } from './docker-error.ts';
import { dockerLabels, sandboxType } from './identity.ts';
import { containerOf, sandboxOf, stateOf } from './state.ts';

type Told = ReturnType<typeof stateOf>;
export type PodName = { readonly namespace: string; readonly name: string };

/**
 * What inspecting told, by container ID, for as long as the list tells the same state: one list a look and one
 * inspect a change, since each inspect costs dockerd as much as a small list.
 */
export class InspectCache {
  readonly #known = new Map<string, { readonly state: string; readonly told: Told }>();
  readonly #changed = new Set<string>();
  /** How often something happened, by container ID, and to all. */
  readonly #events = new Map<string, number>();
  #clears = 0;

  get({ Id, State, Status }: Docker.ContainerInfo): Told | undefined {
    const known = this.#known.get(Id);
    return known?.state === key(State, Status) ? known.told : undefined;
  }

  /** How much has happened to it; to be asked before it is inspected. */
  eventsOf(id: string): number {
    return this.#clears + (this.#events.get(id) ?? 0);
  }

  /** `events`: what `eventsOf` said before. Docker may tell of one before it answers: `oom` often follows `die`. */
  set({ Id, State, Status }: Docker.ContainerInfo, told: Told, events: number): void {
    if (this.eventsOf(Id) !== events) return;
    // A created container may be started at any moment, one being removed may say anything.
    if (State === 'running' || State === 'exited') this.#known.set(Id, { state: key(State, Status), told });
  }

  /** Something happened to it. */
  forget(id: string): void {
    this.#known.delete(id);
    this.#changed.add(id);
    this.#events.set(id, (this.#events.get(id) ?? 0) + 1);
  }

  /** Whether something happened to it since this was asked last. */
  takeChanged(id: string): boolean {
    return this.#changed.delete(id);
  }

  clear(): void {
    this.#known.clear();
    this.#clears += 1;
  }

  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
    for (const id of this.#changed) if (!ids.has(id)) this.#changed.delete(id);
    for (const id of this.#events.keys()) if (!ids.has(id)) this.#events.delete(id);
  }
}

/** `Exited (137) 3 minutes ago`: the code counts, the minutes do not. */
function key(state: string, status: string): string {
  return `${state} ${/^\w+ \((\d+)\)/.exec(status)?.[1] ?? ''}`;
}

/** Which pods: of this owner, or of all others. */
type Wanted = { readonly only: PodName | undefined; readonly owner: string; readonly foreign?: true };

/** Every pod of this owner (or of others), or those of one namespace/name, newest attempts first. */
export async function observePods(
  client: DockerClient,
  cache: InspectCache,
  { only, owner, foreign }: Wanted,
): Promise<readonly ObservedPod[]> {
  const whose = foreign ? labels.podUid : `${labels.owner}=${owner}`;
  const all = await list(client, [whose, ...(only === undefined ? [] : nameFilters(only))], true);
  const listed = foreign ? all.filter((info) => info.Labels[labels.owner] !== owner) : all;
  if (only === undefined) cache.keepOnly(new Set(listed.map(({ Id }) => Id)));
  const isSandbox = (info: Docker.ContainerInfo) => info.Labels[dockerLabels.type] === sandboxType;
  const containers = await Promise.all(
    listed.filter((info) => !isSandbox(info)).map((info) => observeContainer(client, cache, info)),
  );
  const sandboxes = await Promise.all(listed.filter(isSandbox).map((info) => observeSandbox(client, cache, info)));
  const pods = group(
    sandboxes.flatMap((sandbox) => sandbox ?? []),
    containers.flatMap((container) => container ?? []),
  );
  return foreign ? pods.map((pod) => ({ ...pod, foreign })) : pods;
}

/** Names of running sandboxes of this namespace/name that are not this owner's. */
export async function foreignPods(client: DockerClient, pod: PodName, owner: string): Promise<readonly string[]> {
  const listed = await list(client, [...nameFilters(pod), `${dockerLabels.type}=${sandboxType}`], false);
  const others = listed.filter((info) => info.Labels[labels.owner] !== owner);
  return others.map((info) => (info.Names[0] ?? info.Id).replace(/^\//, ''));
}

/** The containers of one sandbox of this owner. */
export async function containersIn(client: DockerClient, sandboxId: string, owner: string): Promise<readonly string[]> {
  const filters = [`${labels.owner}=${owner}`, `${dockerLabels.sandboxId}=${sandboxId}`];
  return (await list(client, filters, true)).map(({ Id }) => Id);
}

function nameFilters({ namespace, name }: PodName): readonly string[] {
  return [`${labels.podName}=${name}`, `${labels.podNamespace}=${namespace}`];
}

function list(client: DockerClient, label: readonly string[], all: boolean): Promise<Docker.ContainerInfo[]> {
  return client.call(
    'cannot list containers',
    (docker, abortSignal) => docker.listContainers({ all, filters: { label: [...label] }, abortSignal }),
    { timeoutMs: lookTimeoutMs },
  );
}

/**
 * A sandbox from the list alone, but for one that had an event: dockerd tells of an end before the list does (moby
 * daemon/monitor.go), and no other event follows.
 */
async function observeSandbox(
  client: DockerClient,
  cache: InspectCache,
  info: Docker.ContainerInfo,
): Promise<ObservedSandbox | undefined> {
  const listed = sandboxOf(info);
  if (listed?.ready !== true || !cache.takeChanged(info.Id)) return listed;
  const inspected = await inspect(client, info);
  return inspected && { ...listed, ready: inspected.State.Running };
}

async function observeContainer(
  client: DockerClient,
  cache: InspectCache,
  info: Docker.ContainerInfo,
): Promise<ObservedContainer | undefined> {
  const known = cache.get(info);
  if (known !== undefined) return containerOf(info, known);
  const events = cache.eventsOf(info.Id);
  const inspected = await inspect(client, info);
  if (inspected === undefined) return undefined;
  const told = stateOf(inspected);
  if (told.state === info.State) cache.set(info, told, events);
  return containerOf(info, told);
}

/** Undefined when it is gone meanwhile. */
async function inspect(
  client: DockerClient,
  info: Docker.ContainerInfo,
): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await client.call(
      `cannot look at ${info.Names[0]}`,
      (docker, abortSignal) => docker.getContainer(info.Id).inspect({ abortSignal }),
      { timeoutMs: lookTimeoutMs },
    );
  } catch (thrown) {
    if (hasStatus(thrown, 404)) return undefined;
    throw thrown;
  }
}

function group(
  sandboxes: readonly ObservedSandbox[],
  containers: readonly ObservedContainer[],
): readonly ObservedPod[] {
  const pods = new Map<string, PodIdentity>();
  for (const { pod } of [...sandboxes, ...containers]) pods.set(keyOf(pod), pod);
  const newestFirst = (a: { attempt: number }, b: { attempt: number }) => b.attempt - a.attempt;
  return [...pods].map(([podKey, pod]) => ({
    pod,
    sandboxes: sandboxes.filter((sandbox) => keyOf(sandbox.pod) === podKey).sort(newestFirst),
    containers: containers.filter((container) => keyOf(container.pod) === podKey).sort(newestFirst),
  }));
}

function keyOf(pod: PodIdentity): string {
  return `${pod.namespace}/${pod.name}/${pod.uid}`;
}
