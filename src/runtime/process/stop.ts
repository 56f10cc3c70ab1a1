import { sleep } from '../../base/clock.ts';
import { OperationError } from '../../base/errors.ts';
import { isAlive } from '../../host/is-alive.ts';
import { type ProcessContext, stateOf } from './context.ts';
import type { ContainerRecord } from './records.ts';
import { type ProcessRow, planDescendants, readProcesses, signalOf } from './session.ts';
import { decodeIdentity, forestall, recordEnd, startLimitMs } from './state.ts';

const killLimitMs = 10_000;
const orphanLookMs = 50;
/** Between a helper's claim and its program's pid lie a few milliseconds. */
const startingLookMs = 10;
/** Against a sign that got lost; the wait itself is for the exit file's event. */
const safetyLookMs = 1000;

/**
 * Stop signal to the program, SIGKILL to its whole session after the grace period; resolves when it has ended. One that
 * is gone or was never started is fine. Throws OperationError when even SIGKILL does not end it (a dead disk).
 */
export async function stopContainer(context: ProcessContext, id: string, graceSeconds: number): Promise<void> {
  const { host, paths, clock } = context;
  const record = await context.memory.record(id);
  if (record === undefined) return;
  if (await forestall(host, paths, id)) {
    return recordEnd(host, paths, { id, because: 'it was stopped before it started', finishedAtMs: clock.now() });
  }
  const waiter = await context.exits.waiter(id);
  try {
    const family = await descendantsOf(context, id);
    const wait = (limitMs: number) => waitForEnd(context, record, { waiter, limitMs });
    if (graceSeconds > 0) await signalProgram(context, record);
    if (graceSeconds > 0 && (await wait(graceSeconds * 1000))) return await killRest(context, id, family);
    await killRest(context, id, family);
    if (await wait(killLimitMs)) return;
    throw new OperationError(`container ${record.config.name} still lives ${killLimitMs / 1000} s after SIGKILL`, {
      hint: 'a process that waits for a disk or a network file system cannot be killed',
    });
  } finally {
    waiter.close();
  }
}

/** The program's descendants now; none when it does not live. */
async function descendantsOf({ host, paths }: ProcessContext, id: string): Promise<readonly ProcessRow[]> {
  const program = decodeIdentity(await host.readText(paths.file(id, 'pid')));
  return program === undefined ? [] : planDescendants(program, readProcesses());
}

/**
 * Kills what is left of a container's session, its program included, and of `family`, which was seen before it was
 * stopped; nothing when it never had a program.
 */
export async function killRest(
  { host, paths, sessions }: ProcessContext,
  id: string,
  family: readonly ProcessRow[] = [],
): Promise<void> {
  const program = decodeIdentity(await host.readText(paths.file(id, 'pid')));
  if (program === undefined) return;
  await sessions.kill(program);
  // A program that has not yet made its own session is no member of it.
  for (const { pid, startTicks } of [program, ...family]) {
    if (await isAlive(host, { pid, startTicks })) host.kill(pid, 'SIGKILL');
  }
}

async function signalProgram(context: ProcessContext, record: ContainerRecord): Promise<void> {
  const { host, warn, clock } = context;
  let state = await stateOf(context, record);
  for (const deadline = clock.now() + startLimitMs; state.is === 'created' && clock.now() < deadline; ) {
    await sleep(clock, startingLookMs);
    state = await stateOf(context, record);
  }
  if (state.is !== 'running' || !(await isAlive(host, state.program))) return;
  const signal = signalOf(record.stopSignal);
  if (signal === undefined) warn(`unknown stop signal ${record.stopSignal}; SIGTERM is sent instead`);
  host.kill(state.program.pid, signal ?? 'SIGTERM');
}

async function waitForEnd(
  context: ProcessContext,
  record: ContainerRecord,
  at: { readonly waiter: { next(waitMs: number): Promise<void> }; readonly limitMs: number },
): Promise<boolean> {
  const deadline = context.clock.now() + at.limitMs;
  for (;;) {
    const state = await stateOf(context, record);
    if (state.is === 'exited') return true;
    const left = deadline - context.clock.now();
    if (left <= 0) return false;
    const look = state.is === 'running' && state.orphaned ? orphanLookMs : safetyLookMs;
    await at.waiter.next(Math.min(left, look));
  }
}
