import type { Host } from '../../host/host.ts';
import type { Labels } from '../../kube/types.ts';

/** What the machine has, and how much of it is left; bytes. */
export type MachineResources = {
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly memoryAvailableBytes: number;
  readonly diskBytes: number;
  readonly diskFreeBytes: number;
  /** How many there are, by their size in kB. */
  readonly hugePages: Readonly<Record<string, number>>;
};

type ResourceHost = Pick<
  Host,
  'readText' | 'list' | 'cpuCount' | 'totalMemoryBytes' | 'diskBytes' | 'freeBytes' | 'stat'
>;

const hugePagesDir = '/sys/kernel/mm/hugepages';

/** Reads them; what cannot be read counts as plenty of it. `dir`: on whose disk pods live. */
export async function readMachineResources(host: ResourceHost, dir: string): Promise<MachineResources> {
  const there = (await host.stat(dir).catch(() => undefined)) === undefined ? '/' : dir;
  const [disk, free, meminfo = '', hugePages] = await Promise.all([
    host.diskBytes(there).catch(() => 0),
    host.freeBytes(there).catch(() => 0),
    host.readText('/proc/meminfo').catch(() => undefined),
    readHugePages(host),
  ]);
  const [, availableKb] = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo) ?? [];
  const memoryBytes = host.totalMemoryBytes();
  return {
    cpuCount: host.cpuCount(),
    memoryBytes,
    memoryAvailableBytes: availableKb === undefined ? memoryBytes : Number(availableKb) * 1024,
    diskBytes: disk,
    diskFreeBytes: free,
    hugePages,
  };
}

async function readHugePages(host: ResourceHost): Promise<Record<string, number>> {
  const names = (await host.list(hugePagesDir).catch(() => undefined)) ?? [];
  const pages: Record<string, number> = {};
  for (const name of names) {
    const [, kB] = /^hugepages-(\d+)kB$/.exec(name) ?? [];
    const count = await host.readText(`${hugePagesDir}/${name}/nr_hugepages`).catch(() => undefined);
    if (kB !== undefined) pages[kB] = Number(count ?? 0) || 0;
  }
  return pages;
}

/**
 * Capacity and allocatable of the Node. Nothing is reserved and nothing is evicted, so all of it can be allocated; but
 * the agent runs no pods of the API server, and `pods: 0` keeps scheduler and DaemonSets away.
 */
export function capacityOf({ cpuCount, memoryBytes, diskBytes, hugePages }: MachineResources): Labels {
  const large = Object.entries(hugePages).map(([kB, count]) => [
    `hugepages-${sizeName(Number(kB))}`,
    quantityOf(count * Number(kB)),
  ]);
  return {
    cpu: String(cpuCount),
    memory: `${Math.floor(memoryBytes / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor(diskBytes / 1024)}Ki`,
    pods: '0',
    ...Object.fromEntries(large),
  };
}

function sizeName(kB: number): string {
  if (kB % 1_048_576 === 0) return `${kB / 1_048_576}Gi`;
  return kB % 1024 === 0 ? `${kB / 1024}Mi` : `${kB}Ki`;
}

const quantityOf = (kB: number) => (kB === 0 ? '0' : `${kB}Ki`);
