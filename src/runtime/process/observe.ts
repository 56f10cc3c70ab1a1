import type { ObservedContainer, ObservedPod, ObservedSandbox, PodIdentity } from '../runtime.ts';
import { type ProcessContext, stateOf } from './context.ts';
import { type ContainerRecord, readSandbox, type SandboxRecord } from './records.ts';
import type { SettledState } from './state.ts';

type PodName = { readonly namespace: string; readonly name: string };

/** Every pod that has a sandbox or a container, or only the one of that name. */
export async function observePods(context: ProcessContext, only?: PodName): Promise<readonly ObservedPod[]> {
  const [sandboxes, containers] = await Promise.all([
    observeSandboxes(context, only),
    observeContainers(context, only),
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
  const records = await Promise.all((await containerIds(context)).map((id) => context.memory.record(id)));
  return records.filter(isThere).filter((record) => record.sandboxId === sandboxId);
}

async function observeSandboxes(context: ProcessContext, only: PodName | undefined) {
  const { host, paths, memory } = context;
  const ids = ((await host.list(paths.sandboxes)) ?? [])
    .map((file) => /^([0-9a-f]{64})\.json$/.exec(file)?.[1])
    .filter((id) => id !== undefined)
    .filter((id) => isWanted(memory.sandboxPod(id), only));
  const bootId = await context.bootId();
  const records = (await Promise.all(ids.map((id) => readSandbox(host, paths.sandbox(id))))).filter(isThere);
  for (const record of records) memory.rememberSandbox(record.id, record.config.pod);
  return records.filter(({ config }) => isWanted(config.pod, only)).map((record) => observedSandbox(record, bootId));
}

async function observeContainers(context: ProcessContext, only: PodName | undefined) {
  const ids = await containerIds(context);
  context.memory.keep(ids);
  const records = (await Promise.all(ids.map((id) => context.memory.record(id)))).filter(isThere);
  return Promise.all(
    records.filter(({ pod }) => isWanted(pod, only)).map((record) => observeContainer(context, record)),
  );
}

async function observeContainer(context: ProcessContext, record: ContainerRecord): Promise<ObservedContainer> {
  const { id, config } = record;
  const state = await stateOf(context, record);
  if (state.is === 'running' && state.orphaned && context.orphans.add(id, state.program)) {
    context.log.warn(
      `the helper process of container ${record.config.name} of pod ${record.pod.namespace}/${record.pod.name} is gone; ` +
        `its program (pid ${state.program.pid}) is left running, its exit code will not be known`,
    );
  }
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

function isThere<T>(record: T | undefined): record is T {
  return record !== undefined;
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
