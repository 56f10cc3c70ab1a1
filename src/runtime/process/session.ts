import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { HostProcesses, ProcessIdentity } from '../../host/host.ts';
import { statFields } from '../../host/proc-stat.ts';

export type ProcessRow = {
  readonly pid: number;
  readonly startTicks: string;
  readonly session: number;
  readonly parent?: number;
  readonly state: string;
};

/** Every process, from /proc/PID/stat (proc(5)). Read at once: some 10 µs each, and the list is of one moment. */
export function readProcesses(): readonly ProcessRow[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [decodeStat(readFileSync(`/proc/${name}/stat`, 'latin1'))];
      } catch {
        // Gone meanwhile.
        return [];
      }
    });
}

/**
 * Who is left in the session that `leader` made. The kernel gives a session's number to no new process while somebody
 * is in it; if the number's holder is another process than the leader, the session is another too.
 */
export function planLeftovers(leader: ProcessIdentity, processes: readonly ProcessRow[]): readonly ProcessRow[] {
  const holder = processes.find(({ pid }) => pid === leader.pid);
  if (holder !== undefined && holder.startTicks !== leader.startTicks) return [];
  return processes.filter(
    ({ session, state, startTicks }) =>
      session === leader.pid && !'ZX'.includes(state) && Number(startTicks) >= Number(leader.startTicks),
  );
}

/**
 * The children of a program and theirs, as long as their chain of parents is whole: also those that have made a session
 * of their own, which nothing tells apart from strangers once the program has ended.
 */
export function planDescendants(leader: ProcessIdentity, processes: readonly ProcessRow[]): readonly ProcessRow[] {
  const root = processes.find(({ pid }) => pid === leader.pid);
  if (root?.startTicks !== leader.startTicks) return [];
  const family = new Set([leader.pid]);
  let size = 0;
  while (size !== family.size) {
    size = family.size;
    for (const { pid, parent } of processes) if (parent !== undefined && family.has(parent)) family.add(pid);
  }
  return processes.filter(({ pid }) => pid !== leader.pid && family.has(pid));
}

/** Kills what is left of containers' sessions; those asked for at the same time share one look at all processes. */
export class SessionKiller {
  readonly #host: Pick<HostProcesses, 'kill'>;
  #leaders: ProcessIdentity[] = [];
  #turn: Promise<void> | undefined;

  constructor(host: Pick<HostProcesses, 'kill'>) {
    this.#host = host;
  }

  /** Resolves when all members have been sent SIGKILL, the program itself included when it still lives. */
  kill(leader: ProcessIdentity): Promise<void> {
    this.#leaders.push(leader);
    this.#turn ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#killAll());
    return this.#turn;
  }

  #killAll(): void {
    const leaders = this.#leaders;
    this.#leaders = [];
    this.#turn = undefined;
    const processes = readProcesses();
    for (const leader of leaders) {
      for (const { pid } of planLeftovers(leader, processes)) this.#host.kill(pid, 'SIGKILL');
    }
  }
}

/** A stop signal as pods and images name it: `SIGTERM`, `TERM`, `15`; undefined when this system has no such signal. */
export function signalOf(name: string): NodeJS.Signals | undefined {
  const entries = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  const wanted = name.toUpperCase().replace(/^(?!SIG)/, 'SIG');
  return entries.find(([signal, number]) => signal === wanted || String(number) === name)?.[0];
}

function decodeStat(text: string): ProcessRow {
  const pid = Number.parseInt(text, 10);
  const fields = statFields(text);
  const [state = '', parent, , session] = fields;
  return { pid, state, parent: Number(parent), session: Number(session), startTicks: fields[19] ?? '' };
}
