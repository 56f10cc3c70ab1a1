import { dirname } from 'node:path';
import { few } from '../../host/sync-latency.ts';
import type { Check, CheckContext, Problem } from './check.ts';
import { belowRoot, checkNameOf } from './check.ts';

const mib = 2 ** 20;
const slowSyncMs = 10;
/** A bound for `init`: a disk that is too slow shows itself in a few writes. */
const measuredForMs = 100;

/** Checks of the places that are written to. */
export const diskChecks: readonly Check[] = [
  { name: 'DirWritable', run: writableDirectories },
  { name: 'DiskSpace', run: diskSpace },
  { name: 'EtcdDisk', run: etcdDisk },
];

/** Every directory that init, the agent or a component writes to. */
function writtenDirectories({ paths, config }: CheckContext): readonly string[] {
  return [
    paths.kubernetesDir,
    paths.manifestsDir,
    paths.certificatesDir,
    ...(config.cluster.etcd.local === undefined ? [] : [paths.etcdDataDir]),
    paths.stateDir,
    paths.runDir,
    paths.podLogsDir,
    paths.containerLogsDir,
  ];
}

async function writableDirectories(context: CheckContext): Promise<readonly Problem[]> {
  const problems = new Map<string, Problem>();
  for (const directory of writtenDirectories(context)) {
    const existing = await nearestExisting(context.host, directory);
    if (problems.has(existing)) continue;
    const reason = await whyNotWritable(context, existing);
    if (reason === undefined) continue;
    problems.set(existing, {
      name: checkNameOf('DirWritable', belowRoot(directory, context.paths.root)),
      message: `${existing} cannot be written to: ${reason}`,
      hint: 'make it writable, or choose another place with --root-dir',
    });
  }
  return [...problems.values()];
}

/** Asked of the system, not of the mode: that says nothing about a read-only mount, or of root. */
async function whyNotWritable(context: CheckContext, directory: string): Promise<string | undefined> {
  if ((await context.host.stat(directory))?.kind !== 'directory') return 'it is not a directory';
  const code = await context.whyNotWritable(directory);
  if (code === 'EROFS') return 'the file system is read-only';
  return code === 'EACCES' || code === 'EPERM' ? 'permission denied' : code;
}

async function diskSpace(context: CheckContext): Promise<readonly Problem[]> {
  // etcd preallocates two WAL segments of 64 MB and its first database file.
  const needs = [
    { directory: context.paths.etcdDataDir, least: 256 * mib, for: 'etcd' },
    { directory: context.paths.stateDir, least: 32 * mib, for: 'our state' },
    { directory: context.paths.podLogsDir, least: 64 * mib, for: 'logs' },
  ];
  const problems = needs.map(async (need): Promise<readonly Problem[]> => {
    const existing = await nearestExisting(context.host, need.directory);
    const free = await context.host.freeBytes(existing);
    if (free >= need.least) return [];
    return [
      {
        name: checkNameOf('DiskSpace', belowRoot(need.directory, context.paths.root)),
        message: `${existing} has ${Math.floor(free / mib)} MiB free, ${need.for} needs ${need.least / mib} MiB`,
        hint: 'free some space, or choose another place',
      },
    ];
  });
  return (await Promise.all(problems)).flat();
}

/** etcd's members wait for their disk with every change (etcd's hardware recommendations: 99th percentile below 10 ms). */
async function etcdDisk(context: CheckContext): Promise<readonly Problem[]> {
  const { config, paths, host, dryRun, own, syncLatencies } = context;
  if (config.cluster.etcd.local === undefined || dryRun || own.running.has('etcd')) return [];
  const directory = await nearestExisting(host, paths.etcdDataDir);
  // What cannot be written to is another check's.
  const latencies = await syncLatencies(directory, measuredForMs).catch(() => []);
  const slow = latencies.length < few ? undefined : percentile(latencies, 99);
  if (slow === undefined || slow <= slowSyncMs) return [];
  return [
    {
      severity: 'warning',
      message: `${directory}: small writes take up to ${slow.toFixed(0)} ms to be on the disk (99th percentile of ${latencies.length}), etcd wants ${slowSyncMs} ms`,
      hint: 'give etcd a faster disk with etcd.local.dataDir, else leader elections and slow requests are to be expected',
    },
  ];
}

/** The nearest rank; undefined without values. */
function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil((percent / 100) * sorted.length) - 1];
}

async function nearestExisting(host: CheckContext['host'], path: string): Promise<string> {
  let at = path;
  while (at !== dirname(at) && (await host.stat(at)) === undefined) at = dirname(at);
  return at;
}
