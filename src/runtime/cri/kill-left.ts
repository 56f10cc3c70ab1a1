import { sleep } from '../../base/clock.ts';
import { hasCode, messageOf } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import { statFields, ticksPerSecond } from '../../host/proc-stat.ts';
import type { CriContext } from './context.ts';
import { firstProcessOf } from './stats.ts';

export type LeaveContext = Pick<CriContext, 'client' | 'clock' | 'warn'> & {
  readonly host: Pick<Host, 'killTree' | 'readText' | 'list'>;
};

type Left = {
  readonly id: string;
  readonly command: readonly string[];
  /** When it was asked for (`upTime`). */
  readonly asked: number;
  /** When the runtime had it ready; undefined: nobody knows, it may begin at any time. */
  readonly ready?: number;
};

/** When to look for it, each after the one before, and until when at most. */
type Looks = { readonly afterMs: Iterable<number>; readonly signal: AbortSignal };

type Process = { readonly pid: number; readonly parent: number; readonly startedAt: number };

/** How long a command that is ready may take to begin, in ticks. */
const beginsWithin = 2 * ticksPerSecond;
/** Asked for, it may not have begun yet; most end by themselves when their input does. */
const oneSecond = [0, 200, 800];

/** A time in ticks, rounded up. */
export function ticksIn(ms: number): number {
  return Math.ceil((ms * ticksPerSecond) / 1000);
}

/** Since the machine was started, in ticks; 0 when it cannot be read. */
export async function upTime(host: Pick<Host, 'readText'>): Promise<number> {
  const text = (await host.readText('/proc/uptime').catch(() => undefined)) ?? '';
  return Math.floor(Number.parseFloat(text || '0') * ticksPerSecond);
}

/**
 * CRI ends no command with all that it has started, and runtimes go on with one whose client left: it is killed here.
 * Nobody tells which process it is: the only one with the command's words that was begun in the container from outside
 * when the command may have been, or, where none has them, the only one that was begun then. `several`: it cannot be told
 * from others; `none`: it has not begun, or has ended.
 */
export async function killLeft(
  context: LeaveContext,
  left: Left,
  looks: Looks = { afterMs: oneSecond, signal: context.client.closed },
): Promise<'killed' | 'several' | 'none'> {
  const { clock, client, host, warn } = context;
  const over = AbortSignal.any([looks.signal, client.closed]);
  let others = 0;
  try {
    const first = await firstProcessOf(client, left.id);
    // A container that has ended takes its commands along; a runtime that does not tell leaves nothing to go by.
    if (first === undefined || first === 0) return 'none';
    for (const afterMs of looks.afterMs) {
      await sleep(clock, afterMs, over);
      if (over.aborted) return 'none';
      const begun = await begunSince(host, left, first);
      const [found, ...more] = await candidates(host, begun, left);
      if (found !== undefined && more.length === 0) {
        await host.killTree(found.pid);
        return 'killed';
      }
      others = begun.length;
      if (more.length > 0 && left.ready === undefined) break;
    }
    if (others > 0) warn('a command in a container goes on that nobody waits for: others began with it');
    return others > 0 ? 'several' : 'none';
  } catch (thrown) {
    warn(`a command in a container goes on that nobody waits for: ${messageOf(thrown)}`);
    return 'none';
  }
}

async function begunSince(host: LeaveContext['host'], left: Left, first: number): Promise<readonly Process[]> {
  const isInside = async (pid: number) => (await read(host, pid, 'cgroup')).includes(left.id);
  const latest = left.ready === undefined ? Number.POSITIVE_INFINITY : left.ready + beginsWithin;
  const pids = ((await host.list('/proc')) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: Process[] = [];
  for (const pid of pids) {
    if (pid === first || !(await isInside(pid))) continue;
    const { parent, startedAt } = decodeStat(pid, await read(host, pid, 'stat'));
    const isThen = startedAt >= left.asked && startedAt <= latest;
    if (isThen && !(await isInside(parent))) found.push({ pid, parent, startedAt });
  }
  return found;
}

/** A command of other words than it was asked with may be another's, as long as this one can still begin. */
async function candidates(
  host: LeaveContext['host'],
  begun: readonly Process[],
  left: Left,
): Promise<readonly Process[]> {
  const named = await withWords(host, begun, left.command);
  if (named.length > 0) return named;
  if (left.ready !== undefined) return begun;
  const latest = left.asked + beginsWithin;
  return (await upTime(host)) > latest ? begun.filter(({ startedAt }) => startedAt <= latest) : [];
}

async function withWords(
  host: LeaveContext['host'],
  processes: readonly Process[],
  command: readonly string[],
): Promise<readonly Process[]> {
  const words = await Promise.all(processes.map(({ pid }) => read(host, pid, 'cmdline')));
  return processes.filter((_process, index) => words[index] === `${command.join('\0')}\0`);
}

function decodeStat(pid: number, stat: string): Process {
  const fields = statFields(stat);
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
