import { sleep } from '../../base/clock.ts';
import { hasCode, messageOf } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import type { CriContext } from './context.ts';
import { firstProcessOf } from './stats.ts';

export type LeaveContext = Pick<CriContext, 'client' | 'clock' | 'warn'> & {
  readonly host: Pick<Host, 'killTree' | 'readText' | 'list'>;
};

type Left = {
  readonly id: string;
  readonly command: readonly string[];
  /** When it was asked for, and when the runtime had it ready (`upTime`). */
  readonly asked: number;
  readonly ready: number;
};

type Process = { readonly pid: number; readonly parent: number; readonly startedAt: number };

/** Ticks of the times in /proc a second (proc(5), USER_HZ), on all machines that Node runs on. */
const ticksPerSecond = 100;
/** How long a command that is ready may take to begin, in ticks. */
const beginsWithin = 2 * ticksPerSecond;
/** Asked for, it may not have begun yet; most end by themselves when their input does. */
const oneSecond = [0, 200, 800];

/** Since the machine was started, in ticks; 0 when it cannot be read. */
export async function upTime(host: Pick<Host, 'readText'>): Promise<number> {
  const text = (await host.readText('/proc/uptime').catch(() => undefined)) ?? '';
  return Math.floor(Number.parseFloat(text || '0') * ticksPerSecond);
}

/**
 * CRI ends no command with all that it has started, and runtimes go on with one whose client left: it is killed here.
 * Nobody tells which process it is: what was begun in the container from outside when the command was, and, where that
 * were several, the only one with the command's words.
 */
export async function killLeft(context: LeaveContext, left: Left, looksAfterMs = oneSecond): Promise<void> {
  const { clock, client, host, warn } = context;
  try {
    const first = await firstProcessOf(client, left.id);
    // A container that has ended takes its commands along; a runtime that does not tell leaves nothing to go by.
    if (first === undefined || first === 0) return;
    let others = 0;
    for (const afterMs of looksAfterMs) {
      await sleep(clock, afterMs, client.closed);
      const begun = await begunThen(host, left, first);
      const found = begun.length === 1 ? begun : await withWords(host, begun, left.command);
      if (found.length === 1) return await host.killTree(found[0]?.pid ?? 0);
      others = begun.length;
    }
    if (others > 0) warn('a command in a container goes on that nobody waits for: others began with it');
  } catch (thrown) {
    warn(`a command in a container goes on that nobody waits for: ${messageOf(thrown)}`);
  }
}

async function begunThen(host: LeaveContext['host'], left: Left, first: number): Promise<readonly Process[]> {
  const isInside = async (pid: number) => (await read(host, pid, 'cgroup')).includes(left.id);
  const pids = ((await host.list('/proc')) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: Process[] = [];
  for (const pid of pids) {
    if (pid === first || !(await isInside(pid))) continue;
    const { parent, startedAt } = decodeStat(pid, await read(host, pid, 'stat'));
    const isThen = startedAt >= left.asked && startedAt <= left.ready + beginsWithin;
    if (isThen && !(await isInside(parent))) found.push({ pid, parent, startedAt });
  }
  return found;
}

async function withWords(
  host: LeaveContext['host'],
  processes: readonly Process[],
  command: readonly string[],
): Promise<readonly Process[]> {
  const words = await Promise.all(processes.map(({ pid }) => read(host, pid, 'cmdline')));
  return processes.filter((_process, index) => words[index] === `${command.join('\0')}\0`);
}

/** Field 2, the program's name, may hold spaces and brackets; what follows the last bracket does not (proc(5)). */
function decodeStat(pid: number, stat: string): Process {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, parent: Number(fields[1] ?? 0), startedAt: Number(fields[19] ?? 0) };
}

async function read(host: LeaveContext['host'], pid: number, name: string): Promise<string> {
  try {
    return (await host.readText(`/proc/${pid}/${name}`)) ?? '';
  } catch (thrown) {
    // It ended between the two calls.
    if (hasCode(thrown, 'ESRCH')) return '';
    throw thrown;
  }
}
