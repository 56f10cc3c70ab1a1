import { dirname, join } from 'node:path';
import { hasCode, messageOf, OperationError } from '../base/errors.ts';
import { sha256Hex } from '../base/hash.ts';
import { removeUnmounted } from '../host/mount-points.ts';
import type { RecordEntry } from '../host/recording-host.ts';
import { removeStaleTemporaries } from '../host/stale-temporaries.ts';
import type { ObservedPod } from '../runtime/runtime.ts';
import { clearNetwork } from './clear-network.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';
import type { FoundPath, ResetAction } from './plan-reset.ts';
import { madeFileName, planDirectories, planFiles, planOwnDirectories } from './plan-reset.ts';
import { belowRoot } from './preflight/check.ts';

/** Long enough for a clean end of etcd and the API server, short enough for somebody who waits. */
const stopGraceSeconds = 10;

/** What `reset` asks of its surroundings beyond what the phases of `init` do. */
export type ResetContext = InitContext & {
  /** False when nothing ever ran here, so that no runtime needs to be asked. */
  readonly mayHavePods: () => Promise<boolean>;
  readonly cleanupTmpDir: boolean;
  /** Ends and removes what an apply that was killed left of its trials. */
  readonly sweepCanaries?: () => Promise<void>;
  /** Puts back the kernel's settings that a change that was killed has noted. */
  readonly putBackKernel?: () => Promise<void>;
};

/** The reset workflow, in its order: the agent first, or it would start again what is stopped. */
export const resetPhases: readonly Phase<ResetContext>[] = [
  { name: 'stop-agent', summary: 'end the agent', run: stopAgent },
  { name: 'stop-pods', summary: 'stop and remove the pods of this control plane', run: stopPods },
  { name: 'remove-files', summary: 'remove the files that init made', run: removeFiles },
];

async function stopAgent({ agent, report }: ResetContext): Promise<void> {
  const pid = await agent.pid();
  const stopped = await agent.stop();
  if (stopped) report.item({ item: 'agent', action: 'stop', because: pid === undefined ? '' : `pid ${pid}` });
  for (const because of await agent.retire()) report.item({ item: 'service', action: 'remove', because });
}

async function stopPods(context: ResetContext): Promise<void> {
  if (!(await context.mayHavePods())) return;
  await context.sweepCanaries?.();
  const pods = await observedPods(context);
  // An API server whose etcd is gone takes a minute to stop.
  await Promise.all(pods.filter((pod) => !isEtcd(pod)).map((pod) => removePod(context, pod)));
  await Promise.all(pods.filter(isEtcd).map((pod) => removePod(context, pod)));
}

async function observedPods(context: ResetContext): Promise<readonly ObservedPod[]> {
  try {
    return await (await context.runtime()).observePods();
  } catch (thrown) {
    throw new OperationError(`the pods cannot be stopped: ${messageOf(thrown)}`, {
      cause: thrown,
      hint: 'start the container runtime, or leave its pods alone with --skip-phases stop-pods',
    });
  }
}

function isEtcd({ pod }: ObservedPod): boolean {
  return pod.namespace === 'kube-system' && pod.name.startsWith('etcd-');
}

async function removePod(context: ResetContext, observed: ObservedPod): Promise<void> {
  const { host, report, paths } = context;
  const { name, namespace, uid } = observed.pod;
  const runtime = await context.runtime();
  await Promise.all(observed.containers.map(({ id }) => runtime.stopContainer(id, stopGraceSeconds)));
  for (const { id } of observed.containers) await runtime.removeContainer(id);
  for (const { id } of observed.sandboxes) {
    await runtime.stopSandbox(id);
    await runtime.removeSandbox(id);
  }
  const logs = `${namespace}_${name}_${uid}`;
  await host.remove(join(paths.podLogsDir, logs), { recursive: true });
  await removeUnmounted(host, join(paths.kubeletDir, 'pods', uid));
  await removeLogLinks(context, join(paths.podLogsDir, logs));
  const because = `${namespace}, ${counted(observed.containers.length, 'container')}`;
  report.item({ item: name, action: 'stop', because });
}

/** `/var/log/containers/*.log` are links into the pod's own log directory. */
async function removeLogLinks({ host, paths }: ResetContext, logDirectory: string): Promise<void> {
  for (const link of (await host.list(paths.containerLogsDir)) ?? []) {
    const path = join(paths.containerLogsDir, link);
    if ((await host.readLink(path))?.startsWith(`${logDirectory}/`)) await host.remove(path);
  }
}

async function removeFiles(context: ResetContext): Promise<void> {
  const { host, paths, made } = context;
  // Before its note goes.
  await context.putBackKernel?.();
  const entries = await made.all();
  const listed = async (directory: string) => (await host.list(directory)) ?? [];
  const [stateDir, runDir] = [await listed(paths.stateDir), await listed(paths.runDir)];
  const kubeletPki = await listed(join(paths.kubeletDir, 'pki'));
  const actions = [
    ...planFiles(entries, await findAll(context, entries), paths),
    ...planOwnDirectories({ stateDir, runDir, kubeletPki }, paths),
    ...(context.cleanupTmpDir
      ? [{ path: paths.temporaryDir, do: 'remove-tree' as const, because: '--cleanup-tmp-dir' }]
      : []),
  ];
  for (const action of actions) await applyAction(context.host, action);
  reportActions(context, actions);
  await removeLeftovers(context, entries);
  await clearNetwork(context, entries);
  await removeEmptyDirectories(context, entries);
}

async function findAll(
  { host }: ResetContext,
  entries: readonly RecordEntry[],
): Promise<ReadonlyMap<string, FoundPath>> {
  const found = new Map<string, FoundPath>();
  for (const path of new Set(entries.map((entry) => entry.path))) {
    const info = await host.stat(path, { followLinks: false });
    if (info === undefined) continue;
    const data = info.kind === 'file' ? await host.readFile(path) : undefined;
    const kind = info.kind === 'file' || info.kind === 'directory' ? info.kind : 'other';
    found.set(path, { path, kind, ...(data === undefined ? {} : { sha256: sha256Hex(data) }) });
  }
  return found;
}

async function applyAction(host: ResetContext['host'], action: ResetAction): Promise<void> {
  if (action.do === 'leave') return;
  if (action.do !== 'remove-contents') {
    await host.remove(action.path, { recursive: action.do === 'remove-tree' });
    return;
  }
  for (const name of (await host.list(action.path)) ?? []) {
    if (name !== 'lost+found') await host.remove(join(action.path, name), { recursive: true });
  }
}

/** What goes by directory, what stays one by one. */
function reportActions({ report, paths }: ResetContext, actions: readonly ResetAction[]): void {
  const gone = actions.filter((action) => action.do !== 'leave');
  const place = (action: ResetAction) => (action.do === 'remove-contents' ? action.path : dirname(action.path));
  for (const [directory, group] of Map.groupBy(gone, place)) {
    const whys = Map.groupBy(group, ({ because }) => because);
    const because = [...whys].map(([why, { length }]) => (length > 1 ? `${length} ${why}` : why)).join(', ');
    report.item({ item: belowRoot(directory, paths.root), action: 'remove', because });
  }
  for (const action of actions.filter((candidate) => candidate.do === 'leave')) {
    report.item({ item: action.path, action: 'leave', because: action.because });
  }
}

/** Half-written files beside those that we write; the record itself goes last, so that a killed reset can go on. */
async function removeLeftovers({ host, paths }: ResetContext, entries: readonly RecordEntry[]): Promise<void> {
  const directories = new Set(entries.filter(({ kind }) => kind === 'file').map(({ path }) => join(path, '..')));
  await removeStaleTemporaries(host, [...directories]);
  await host.remove(join(paths.stateDir, madeFileName));
}

/** Directories that are ours and empty go; what others put into them or beside our files is named. */
async function removeEmptyDirectories(context: ResetContext, entries: readonly RecordEntry[]): Promise<void> {
  const { host, paths, report } = context;
  const ours = planDirectories(entries, paths);
  const known = new Set([...ours, ...entries.map(({ path }) => path)]);
  const left = new Set<string>();
  for (const directory of [...ours, paths.certificatesDir, paths.manifestsDir, paths.kubernetesDir]) {
    const names = await host.list(directory);
    if (names === undefined) continue;
    if (names.length === 0 && ours.includes(directory) && !(await removeDirectory(host, directory))) {
      report.item({ item: directory, action: 'leave', because: 'a file system is mounted there' });
    }
    for (const name of names) if (!known.has(join(directory, name))) left.add(join(directory, name));
  }
  for (const path of left) {
    if (!holdsOurs(path, known)) report.item({ item: path, action: 'leave', because: 'not made by init' });
  }
}

/** False when a file system is mounted there: rmdir(2) answers EBUSY. */
async function removeDirectory(host: ResetContext['host'], directory: string): Promise<boolean> {
  try {
    await host.remove(directory);
    return true;
  } catch (thrown) {
    if (hasCode(thrown, 'EBUSY')) return false;
    throw thrown;
  }
}

/** A directory of another that something of ours is in is no news by itself. */
function holdsOurs(path: string, known: ReadonlySet<string>): boolean {
  return [...known].some((ours) => ours.startsWith(`${path}/`));
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
