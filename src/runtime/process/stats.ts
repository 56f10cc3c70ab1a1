import { readFileSync } from 'node:fs';
import { statFields } from '../../host/proc-stat.ts';
import type { ContainerStats, ResourceUsage } from '../runtime.ts';
import { type ProcessContext, stateOf } from './context.ts';
import { type ProcessRow, planDescendants, planLeftovers, readProcesses } from './session.ts';

/** Of Linux on every machine that Node runs on (sysconf _SC_CLK_TCK). */
const nanosecondsPerTick = 1e9 / 100;
const pageBytes = 4096;

/**
 * What containers use: the sum over the processes of their sessions, from /proc/PID/stat. Those of a child that has
 * ended count with its parent. Memory that processes share counts once for each.
 */
export async function processStats(
  context: ProcessContext,
  ids: readonly string[],
): Promise<readonly ContainerStats[]> {
  const leaders = await Promise.all(
    ids.map(async (id) => {
      const record = await context.memory.record(id);
      const state = record && (await stateOf(context, record));
      return state?.is === 'running' ? { id, program: state.program } : undefined;
    }),
  );
  const processes = readProcesses();
  return leaders.flatMap((leader) => {
    if (leader === undefined) return [];
    const { id, program } = leader;
    const own = [...planLeftovers(program, processes), ...planDescendants(program, processes)];
    const usages = [...new Set(own.map(({ pid }) => pid))].flatMap((pid) => usageOf(pid, own) ?? []);
    return usages.length === 0 ? [] : [{ id, atMs: context.clock.now(), ...sumOf(usages) }];
  });
}

function usageOf(pid: number, rows: readonly ProcessRow[]): ResourceUsage | undefined {
  try {
    const { startTicks, usage } = decodeProcessUsage(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return rows.some((row) => row.pid === pid && row.startTicks === startTicks) ? usage : undefined;
  } catch {
    // Gone meanwhile.
    return undefined;
  }
}

/** Of one process; field numbers as in proc(5). */
export function decodeProcessUsage(stat: string): { readonly startTicks: string; readonly usage: ResourceUsage } {
  const fields = statFields(stat);
  const sum = (...numbers: readonly number[]) =>
    numbers.reduce((total, number) => total + Number(fields[number - 3]), 0);
  const residentBytes = sum(24) * pageBytes;
  const usage = {
    cpuNanoseconds: sum(14, 15, 16, 17) * nanosecondsPerTick,
    usageBytes: residentBytes,
    workingSetBytes: residentBytes,
    rssBytes: residentBytes,
    pageFaults: sum(10, 11),
    majorPageFaults: sum(12, 13),
  };
  return { startTicks: fields[19] ?? '', usage };
}

function sumOf(usages: readonly ResourceUsage[]): ResourceUsage {
  const sum = (of: (usage: ResourceUsage) => number) => usages.reduce((total, usage) => total + of(usage), 0);
  return {
    cpuNanoseconds: sum((usage) => usage.cpuNanoseconds),
    usageBytes: sum((usage) => usage.usageBytes),
    workingSetBytes: sum((usage) => usage.workingSetBytes),
    rssBytes: sum((usage) => usage.rssBytes),
    pageFaults: sum((usage) => usage.pageFaults),
    majorPageFaults: sum((usage) => usage.majorPageFaults),
  };
}
