import type { ObservedContainer, ObservedPod, ObservedSandbox, PodIdentity } from '../runtime.ts';
import { type ProcessContext, stateOf } from './context.ts';
import { type ContainerRecord, readContainer, readSandbox, type SandboxRecord } from './records.ts';
import type { SettledState } from './state.ts';

type PodName = { readonly namespace: string; readonly name: string };

/** Which pod a container is of: all that is kept of a record, so that a look at one pod reads only its own files. */
export type OwnerCache = Map<string, { readonly pod: PodIdentity; readonly name: string }>;

/** Every pod that has a sandbox or a container, or only the one of that name. */
export async function observePods(
  context: ProcessContext,
  owners: OwnerCache,
  only?: PodName,
): Promise<readonly ObservedPod[]> {
  const [sandboxes, containers] = await Promise.all([
    observeSandboxes(context, owners, only),
    observeContainers(context, owners, only),
  ]);
  const pods = new Map<string, PodIdentity>();
  for (const { pod } of [...sandboxes, ...containers]) pods.set(keyOf(pod), pod);
  return [...pods].map(([key, pod]) => ({
    pod,
    sandboxes: newestFirst(sandboxes.filter((sandbox) => keyOf(sandbox.pod) === key)),
    containers: newestFirst(containers.filter((container) => keyOf(container.pod) === key)),
  }));
}

/** The records of every container in a sandbox. */
export async function containersOf(context: ProcessContext, sandboxId: string): Promise<readonly ContainerRecord[]> {
  const records = await Promise.all((await containerIds(context)).map((id) => readRecord(context, id)));
  return records.filter((record) => record !== undefined).filter((record) => record.sandboxId === sandboxId);
}

/** Which pod and container an id belongs to. */
export async function ownerOf(context: ProcessContext, owners: OwnerCache, id: string) {
  const known = owners.get(id);
  if (known !== undefined) return known;
  const record = await readRecord(context, id);
  if (record === undefined) return undefined;
  const owner = { pod: record.pod, name: record.config.name };
  owners.set(id, owner);
  return owner;
}

async function observeSandboxes(context: ProcessContext, owners: OwnerCache, only: PodName | undefined) {
  const { host, paths } = context;
  const ids = ((await host.list(paths.sandboxes)) ?? [])
    .map((file) => /^([0-9a-f]{64})\.json$/.exec(file)?.[1])
    .filter((id) => id !== undefined)
    .filter((id) => isWanted(owners.get(id)?.pod, only));
  const bootId = await context.bootId();
  const records = await Promise.all(ids.map((id) => readSandbox(host, paths.sandbox(id))));
  for (const record of records) {
    if (record !== undefined) owners.set(record.id, { pod: record.config.pod, name: '' });
  }
  return records
    .filter((record) => record !== undefined)
    .filter((record) => isWanted(record.config.pod, only))
    .map((record) => observedSandbox(record, bootId));
}

async function observeContainers(context: ProcessContext, owners: OwnerCache, only: PodName | undefined) {
  const ids = await containerIds(context);
  for (const known of owners.keys()) if (owners.get(known)?.name !== '' && !ids.includes(known)) owners.delete(known);
  const wanted = [];
  for (const id of ids) {
    const owner = await ownerOf(context, owners, id);
    if (owner !== undefined && isWanted(owner.pod, only)) wanted.push(id);
  }
  const observed = await Promise.all(wanted.map((id) => observeContainer(context, id)));
  return observed.filter((container) => container !== undefined);
}

async function observeContainer(context: ProcessContext, id: string): Promise<ObservedContainer | undefined> {
  const record = await readRecord(context, id);
  if (record === undefined) return undefined;
  const state = await stateOf(context, record);
  if (state.is === 'running' && state.orphaned && context.orphans.add(id, state.program)) {
    context.log.warn(
      `the helper process of container ${record.config.name} of pod ${record.pod.namespace}/${record.pod.name} is gone; ` +
        `its program (pid ${state.program.pid}) is left running, its exit code will not be known`,
    );
  }
  const { config } = record;
  return {
    id,
    name: config.name,
    sandboxId: record.sandboxId,
    pod: record.pod,
    attempt: config.attempt,
    state: state.is,
    createdAtMs: record.createdAtMs,
    ...runOf(state),
    image: config.image,
    imageId: record.imageId,
    labels: config.labels,
    annotations: config.annotations,
    logPath: config.logPath,
  };
}

function runOf(state: SettledState): Partial<ObservedContainer> {
  if (state.is === 'created') return {};
  const started = state.startedAtMs === undefined ? {} : { startedAtMs: state.startedAtMs };
  if (state.is === 'running') return started;
  const { exitCode, finishedAtMs, lost } = state;
  if (lost !== undefined)
    return { ...started, exitCode, finishedAtMs, reason: 'ContainerStatusUnknown', message: lost };
  return { ...started, exitCode, finishedAtMs, reason: exitCode === 0 ? 'Completed' : 'Error' };
}

function observedSandbox({ id, config, createdAtMs, bootId, stopped }: SandboxRecord, now: string): ObservedSandbox {
  return {
    id,
    pod: config.pod,
    attempt: config.attempt,
    ready: !stopped && bootId === now,
    createdAtMs,
    ips: [],
    hostNetwork: true,
    labels: config.labels,
    annotations: config.annotations,
  };
}

async function containerIds({ host, containersDir }: ProcessContext): Promise<readonly string[]> {
  return ((await host.list(containersDir)) ?? []).filter((name) => /^[0-9a-f]{64}$/.test(name));
}

function readRecord({ host, paths }: ProcessContext, id: string): Promise<ContainerRecord | undefined> {
  return readContainer(host, paths.file(id, 'config.json'));
}

function isWanted(pod: PodIdentity | undefined, only: PodName | undefined): boolean {
  if (only === undefined || pod === undefined) return true;
  return pod.name === only.name && pod.namespace === only.namespace;
}

function keyOf({ namespace, name, uid }: PodIdentity): string {
  return `${namespace}/${name}/${uid}`;
}

function newestFirst<T extends { readonly attempt: number; readonly createdAtMs: number }>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs);
}
