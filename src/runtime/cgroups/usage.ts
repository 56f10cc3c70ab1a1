import { join } from 'node:path';
import type { HostFiles } from '../../host/host.ts';
import type { ResourceUsage } from '../runtime.ts';
import { type CgroupMounts, controllerDirectory } from './mounts.ts';

type Files = Pick<HostFiles, 'readText'>;
/** Where a group's files of one kind are. */
export type GroupPlaces = { readonly version: 1 | 2; readonly cpu: string; readonly memory: string };

/** More than any machine has: the kernel's way to say that there is no limit (cgroup-v1/memory.txt). */
const noLimitBytes = 2 ** 60;

/** The control group of a process (proc(5): `/proc/PID/cgroup`); undefined when it is gone or in none that counts. */
export async function groupOf(files: Files, mounts: CgroupMounts, pid: number): Promise<GroupPlaces | undefined> {
  return decodeGroup((await files.readText(`/proc/${pid}/cgroup`).catch(() => undefined)) ?? '', mounts);
}

export function decodeGroup(text: string, mounts: CgroupMounts): GroupPlaces | undefined {
  // `4:memory:/docker/…`, `0::/docker/…`
  const rows = text.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line) ?? []);
  const pathOf = (controller: string) => rows.find(([, names]) => names?.split(',').includes(controller))?.[2];
  const place = (controller: string) => {
    const path = pathOf(mounts.version === 2 ? '' : controller);
    return path === undefined ? undefined : controllerDirectory(mounts, controller, path);
  };
  const [cpu, memory] = [place('cpuacct'), place('memory')];
  return cpu === undefined || memory === undefined ? undefined : { version: mounts.version, cpu, memory };
}

/** What a group uses now, counted as cAdvisor does; undefined when it is gone. */
export async function groupUsage(
  files: Files,
  { version, cpu, memory }: GroupPlaces,
): Promise<ResourceUsage | undefined> {
  const [cpuFile, usageFile, limitFile] =
    version === 1
      ? ['cpuacct.usage', 'memory.usage_in_bytes', 'memory.limit_in_bytes']
      : ['cpu.stat', 'memory.current', 'memory.max'];
  const read = (directory: string, name: string) => files.readText(join(directory, name)).catch(() => undefined);
  const [cpuText, usage, stat, limit] = await Promise.all([
    read(cpu, cpuFile),
    read(memory, usageFile),
    read(memory, 'memory.stat'),
    read(memory, limitFile),
  ]);
  if (cpuText === undefined || usage === undefined || stat === undefined) return undefined;
  return decodeUsage(version, { cpu: cpuText, usage, stat, limit: limit ?? '' });
}

export function decodeUsage(
  version: 1 | 2,
  {
    cpu,
    usage,
    stat,
    limit,
  }: { readonly cpu: string; readonly usage: string; readonly stat: string; readonly limit: string },
): ResourceUsage {
  const numbers = new Map(stat.split('\n').map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
  const count = (v1: string, v2: string) => numbers.get(version === 1 ? v1 : v2) ?? 0;
  const usageBytes = Number(usage);
  const limitBytes = Number(limit.trim() === 'max' || limit === '' ? Number.POSITIVE_INFINITY : limit);
  return {
    cpuNanoseconds: version === 1 ? Number(cpu) : Number(/^usage_usec (\d+)$/m.exec(cpu)?.[1] ?? 0) * 1000,
    usageBytes,
    workingSetBytes: Math.max(0, usageBytes - count('total_inactive_file', 'inactive_file')),
    rssBytes: count('total_rss', 'anon'),
    pageFaults: count('total_pgfault', 'pgfault'),
    majorPageFaults: count('total_pgmajfault', 'pgmajfault'),
    ...(limitBytes < noLimitBytes ? { limitBytes } : {}),
  };
}
