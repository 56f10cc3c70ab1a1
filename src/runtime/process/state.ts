import { hasCode } from '../../base/errors.ts';
import type { Host, ProcessIdentity } from '../../host/host.ts';
import { isAlive } from '../../host/is-alive.ts';
import type { Seen } from './container-memory.ts';
import type { ContainerRecord, ProcessPaths } from './records.ts';
import { readBootTimeMs } from './records.ts';

/** What the helper left in a container's directory and what of it is still alive. */
export type Traces = {
  readonly bootIsCurrent: boolean;
  readonly exit?: { readonly text: string; readonly atMs: number };
  /** The program, and whether that very process lives. */
  readonly program?: { readonly identity: ProcessIdentity; readonly startedAtMs: number; readonly alive: boolean };
  readonly helper?: { readonly alive: boolean };
};

export type ProcessState =
  | { readonly is: 'created' }
  /** `orphaned`: its helper is gone, nobody will write its exit code. */
  | {
      readonly is: 'running';
      readonly program: ProcessIdentity;
      readonly startedAtMs: number;
      readonly orphaned: boolean;
    }
  | {
      readonly is: 'exited';
      readonly exitCode: number;
      readonly finishedAtMs: number;
      readonly startedAtMs?: number;
      /** Why the exit code is not the program's own. */
      readonly lost?: string;
    }
  /** It has ended and left no exit code; to be put on record. */
  | { readonly is: 'lost'; readonly because: string };

export type SettledState = Exclude<ProcessState, { readonly is: 'lost' }>;

/** The code that Kubernetes gives a container of which nobody knows how it ended (kubelet ContainerStatusUnknown). */
const lostExitCode = 137;

/** What a container's traces mean. A pid counts only with its start time, so a pid used again is never taken for ours. */
export function planState(traces: Traces): ProcessState {
  const { exit, program, helper } = traces;
  const started = program === undefined ? {} : { startedAtMs: program.startedAtMs };
  if (exit !== undefined) return { is: 'exited', ...decodeExit(exit.text, exit.atMs), ...started };
  if (!traces.bootIsCurrent) return { is: 'lost', because: 'the machine was restarted while it ran' };
  if (program !== undefined && (program.alive || helper?.alive)) {
    const { identity, startedAtMs } = program;
    // Program gone, helper there: it is about to write the exit code.
    return { is: 'running', program: identity, startedAtMs, orphaned: !helper?.alive };
  }
  if (program !== undefined)
    return { is: 'lost', because: 'its helper process was killed, so nobody saw how it ended' };
  if (helper === undefined || helper.alive) return { is: 'created' };
  return { is: 'lost', because: 'its helper process ended before the program was started' };
}

/** The content of an exit file for a container that ended unseen. */
export function encodeLost(because: string, finishedAtMs: number): string {
  return `${lostExitCode} ${Math.round(finishedAtMs)} ${because}\n`;
}

/** Looks at a container's files and processes; what never changes is kept in `seen`. */
async function readTraces(
  host: Pick<Host, 'readText' | 'stat' | 'identify'>,
  paths: ProcessPaths,
  at: { readonly id: string; readonly bootIsCurrent: boolean; readonly seen: Seen; readonly nowMs: number },
): Promise<Traces> {
  const { id, bootIsCurrent, seen, nowMs } = at;
  const exit = await readStamped(host, paths.exit(id));
  const program = await seenProgram(host, paths, at);
  if (exit !== undefined || !bootIsCurrent) {
    return { bootIsCurrent, ...(exit && { exit }), ...(program && { program: { ...program, alive: false } }) };
  }
  const claim = seen.helper === undefined ? await readStamped(host, paths.file(id, 'helper')) : undefined;
  const helper = seen.helper ?? decodeIdentity(claim?.text);
  if (helper !== undefined) seen.helper = helper;
  const [programAlive, helperAlive] = await Promise.all([isAlive(host, program?.identity), isAlive(host, helper)]);
  return {
    bootIsCurrent,
    ...(program && { program: { ...program, alive: programAlive } }),
    ...(helper === undefined ? unnamedHelper(claim, nowMs) : { helper: { alive: helperAlive } }),
  };
}

/** Claimed but not filled in: it is just starting, or it has ended on a full disk. */
function unnamedHelper(claim: { readonly atMs: number } | undefined, nowMs: number): Pick<Traces, 'helper'> {
  return claim === undefined ? {} : { helper: { alive: nowMs - claim.atMs <= startLimitMs } };
}

async function seenProgram(
  host: Pick<Host, 'readText' | 'stat'>,
  paths: ProcessPaths,
  { id, seen }: { readonly id: string; readonly seen: Seen },
): Promise<Seen['program']> {
  if (seen.program !== undefined) return seen.program;
  const pid = await readStamped(host, paths.file(id, 'pid'));
  const identity = decodeIdentity(pid?.text);
  if (identity === undefined || pid === undefined) return undefined;
  seen.program = { identity, startedAtMs: pid.atMs };
  return seen.program;
}

/** How long a helper may take from being started to its claim. */
export const startLimitMs = 10_000;

/**
 * The container's state; an end that nobody saw is put on record, so that it stays the same from then on. One that was
 * made and never started (we were killed in between) counts as ended too, once no helper can come any more.
 */
export async function settleState(
  host: Pick<Host, 'readText' | 'stat' | 'identify' | 'createFile'>,
  paths: ProcessPaths,
  at: { readonly record: ContainerRecord; readonly seen: Seen; readonly bootId: string; readonly nowMs: number },
): Promise<SettledState> {
  const { id, createdAtMs } = at.record;
  const bootIsCurrent = at.record.bootId === at.bootId;
  const look = async () =>
    planState(await readTraces(host, paths, { id, bootIsCurrent, seen: at.seen, nowMs: at.nowMs }));
  const state = await look();
  const abandoned = state.is === 'created' && at.nowMs - createdAtMs > startLimitMs;
  if (abandoned && !(await forestall(host, paths, id).catch(unlessDiskIsFull))) return state;
  if (state.is !== 'lost' && !abandoned) return state;
  const because = state.is === 'lost' ? state.because : 'it was never started';
  const finishedAtMs = bootIsCurrent ? at.nowMs : await readBootTimeMs(host);
  // On a full disk it is known all the same, and put on record later.
  await recordEnd(host, paths, { id, because, finishedAtMs }).catch(unlessDiskIsFull);
  const settled = await look();
  return settled.is === 'exited' ? settled : { is: 'exited', exitCode: lostExitCode, finishedAtMs, lost: because };
}

function unlessDiskIsFull(thrown: unknown): void {
  if (!hasCode(thrown, 'ENOSPC', 'EDQUOT')) throw thrown;
}

/** Takes the helper's claim, so that none can start the program any more; false when a helper has it. */
export async function forestall(host: Pick<Host, 'createFile'>, paths: ProcessPaths, id: string): Promise<boolean> {
  return host.createFile(paths.file(id, 'helper'), '0 0\n', { mode: 0o600 });
}

/** Puts an end on record that nobody saw; one that the helper wrote meanwhile stays. */
export async function recordEnd(
  host: Pick<Host, 'createFile'>,
  paths: ProcessPaths,
  end: { readonly id: string; readonly because: string; readonly finishedAtMs: number },
): Promise<void> {
  await host.createFile(paths.exit(end.id), encodeLost(end.because, end.finishedAtMs), { mode: 0o600 });
}

/** `<pid> <start time>` as the helper writes it. */
export function decodeIdentity(text: string | undefined): ProcessIdentity | undefined {
  const [, pid, startTicks] = /^(\d+) (\d+)\n/.exec(text ?? '') ?? [];
  return pid === undefined || startTicks === undefined ? undefined : { pid: Number(pid), startTicks };
}

function decodeExit(text: string, atMs: number): { exitCode: number; finishedAtMs: number; lost?: string } {
  const [, code = String(lostExitCode), finished, lost] = /^(\d+)(?: (\d+) (.*))?/.exec(text) ?? [];
  return {
    exitCode: Number(code),
    finishedAtMs: finished === undefined ? atMs : Number(finished),
    ...(lost === undefined ? {} : { lost }),
  };
}

async function readStamped(
  host: Pick<Host, 'readText' | 'stat'>,
  path: string,
): Promise<{ text: string; atMs: number } | undefined> {
  const text = await host.readText(path);
  const info = text === undefined ? undefined : await host.stat(path);
  return text === undefined || info === undefined ? undefined : { text, atMs: Math.round(info.modifiedAtMs) };
}
