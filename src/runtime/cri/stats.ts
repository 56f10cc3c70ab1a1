import { GroupStats } from '../cgroups/container-stats.ts';
import type { ResourceUsage } from '../runtime.ts';
import { type CriClient, lookTimeoutMs } from './client.ts';
import type { CriContext } from './context.ts';

/** What containers in this runtime use. */
export function criStats({ client, host, clock }: Pick<CriContext, 'client' | 'clock' | 'host'>): GroupStats {
  return new GroupStats({
    host,
    clock,
    pidOf: (id) => firstProcessOf(client, id),
    askEngine: (id) => askRuntime(client, id),
  });
}

/**
 * The pid of what a container was started with; undefined when it does not run. containerd and CRI-O tell it as JSON
 * beside what CRI knows; 0, which no process has, when they do not.
 */
export async function firstProcessOf(client: CriClient, id: string): Promise<number | undefined> {
  const what = `cannot look at container ${id.slice(0, 12)}`;
  const request = { containerId: id, verbose: true };
  const { status, info } = await client.call('ContainerStatus', request, { what, timeoutMs: lookTimeoutMs });
  if (status?.state !== 'CONTAINER_RUNNING') return undefined;
  try {
    const { pid } = JSON.parse(info.info ?? '{}') as { readonly pid?: unknown };
    return typeof pid === 'number' ? pid : 0;
  } catch {
    return 0;
  }
}

async function askRuntime(client: CriClient, id: string): Promise<ResourceUsage | undefined> {
  const what = `cannot ask what container ${id.slice(0, 12)} uses`;
  const { stats } = await client.call('ContainerStats', { containerId: id }, { what, timeoutMs: lookTimeoutMs });
  const { memory = null, cpu = null } = stats ?? {};
  if (cpu === null || memory === null) return undefined;
  const workingSetBytes = memory.workingSetBytes?.value ?? 0;
  return {
    cpuNanoseconds: cpu.usageCoreNanoSeconds?.value ?? 0,
    // Older runtimes tell the working set alone.
    usageBytes: memory.usageBytes?.value || workingSetBytes,
    workingSetBytes,
    rssBytes: memory.rssBytes?.value ?? 0,
    pageFaults: memory.pageFaults?.value ?? 0,
    majorPageFaults: memory.majorPageFaults?.value ?? 0,
  };
}
