import { dirname } from 'node:path';
import type { Check, CheckContext, Problem } from './check.ts';
import { belowRoot, checkNameOf } from './check.ts';

/** kubeadm's least memory, in MB of 10^6 (constants.go ControlPlaneMem). */
const leastMemoryMb = 1700;
const leastCpus = 2;
const mib = 2 ** 20;

/** Checks of the machine itself. */
export const machineChecks: readonly Check[] = [
  {
    name: 'IsPrivilegedUser',
    run: ({ host, paths }) =>
      host.uid === 0 || paths.root !== '/'
        ? []
        : [
            {
              message: 'the default paths need root',
              hint: 'run as root, or give --root-dir DIR that you may write to',
            },
          ],
  },
  {
    name: 'NumCPU',
    run: ({ host }) =>
      host.cpuCount() >= leastCpus
        ? []
        : [{ message: `${host.cpuCount()} CPU is less than the ${leastCpus} that a control plane needs` }],
  },
  {
    name: 'Mem',
    run: ({ host }) => {
      const megabytes = Math.floor(host.totalMemoryBytes() / 1e6);
      if (megabytes >= leastMemoryMb) return [];
      return [
        { message: `${megabytes} MB of memory are less than the ${leastMemoryMb} MB that a control plane needs` },
      ];
    },
  },
  {
    name: 'Swap',
    run: async ({ host }) => {
      const rows = ((await host.readText('/proc/swaps')) ?? '').trim().split('\n').slice(1);
      if (rows.length === 0) return [];
      return [
        { severity: 'warning', message: 'swap is on: etcd and the API server get slow when they are swapped out' },
      ];
    },
  },
  { name: 'DirWritable', run: writableDirectories },
  { name: 'DiskSpace', run: diskSpace },
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
  const problems: Problem[] = [];
  // etcd preallocates two WAL segments of 64 MB and its first database file.
  const needs = [
    { directory: context.paths.etcdDataDir, least: 256 * mib, for: 'etcd' },
    { directory: context.paths.stateDir, least: 32 * mib, for: 'our state' },
    { directory: context.paths.podLogsDir, least: 64 * mib, for: 'logs' },
  ];
  for (const need of needs) {
    const existing = await nearestExisting(context.host, need.directory);
    const free = await context.host.freeBytes(existing);
    if (free >= need.least) continue;
    problems.push({
      name: checkNameOf('DiskSpace', belowRoot(need.directory, context.paths.root)),
      message: `${existing} has ${Math.floor(free / mib)} MiB free, ${need.for} needs ${need.least / mib} MiB`,
      hint: 'free some space, or choose another place',
    });
  }
  return problems;
}

async function nearestExisting(host: CheckContext['host'], path: string): Promise<string> {
  let at = path;
  while (at !== dirname(at) && (await host.stat(at)) === undefined) at = dirname(at);
  return at;
}
