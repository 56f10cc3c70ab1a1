import { OperationError } from '../../base/errors.ts';
import type { ExecResult } from '../runtime.ts';
import { longestMs } from './client.ts';
import { hasStatus, status } from './cri-error.ts';
import { killLeft, type LeaveContext, ticksIn, upTime } from './kill-left.ts';

type Command = { readonly id: string; readonly command: readonly string[]; readonly timeoutMs: number };

/** The kubelet keeps as much of a probe's output (prober.go, maxProbeMessageLength). */
const outputLimitBytes = 10 * 1024;
/** The runtime ends the command itself so long after its time, should it not have been killed by then. */
const runtimeSlackSeconds = 8;
/** What it has not told of by then, it does not tell. */
const slackMs = 2000;
const versionTimeoutMs = 8000;
/** 128 + SIGKILL. */
const killed: ExecResult = { exitCode: 137, output: '', timedOut: true };

/**
 * Runs a command in a container. What outlives its time is killed with all that it has started: a runtime kills only the
 * command, and containerd 1.6 then waits for whoever holds its output. A command that cannot be found among the container's
 * processes is left to the runtime, and counts as timed out as long as that answers.
 */
export async function execInContainer(context: LeaveContext, command: Command): Promise<ExecResult> {
  const { client } = context;
  const { id, command: cmd, timeoutMs } = command;
  const what = `cannot run ${cmd[0] ?? 'a command'} in container ${id.slice(0, 12)}`;
  const request = { containerId: id, cmd, timeout: secondsOf(timeoutMs) };
  const left = new AbortController();
  const watch = watchTime(context, command, what);
  const answered = client.call('ExecSync', request, { what, timeoutMs: longestMs, signal: left.signal }).then(
    ({ exitCode, stdout, stderr }): ExecResult => {
      if (watch.isOver()) return killed;
      const output = Buffer.concat([stdout.subarray(0, outputLimitBytes), stderr]).subarray(0, outputLimitBytes);
      return { exitCode, output: output.toString(), timedOut: false };
    },
    (thrown: unknown) => {
      if (hasStatus(thrown, status.deadlineExceeded)) return killed;
      throw thrown;
    },
  );
  try {
    return await Promise.race([answered, watch.givenUp]);
  } finally {
    watch.end();
    left.abort(new OperationError(`${what}: nobody waits for it any more`));
  }
}

/** CRI counts whole seconds; some more, so that the runtime does not kill the command alone before we kill it whole. */
const secondsOf = (timeoutMs: number) => Math.ceil(timeoutMs / 1000) + runtimeSlackSeconds;

/** A busy runtime begins a command late. */
function* everyQuarterSecond(): Generator<number> {
  yield 0;
  for (;;) yield 250;
}

/**
 * Kills the command when its time is over. `givenUp` ends when that cannot be, since it cannot be told from others, or
 * when the runtime does not tell of its end even then.
 */
function watchTime(context: LeaveContext, { id, command, timeoutMs }: Command, what: string) {
  const { client, clock, host } = context;
  const sinceTicks = clock.ticks();
  const ended = new AbortController();
  const { promise: givenUp, resolve, reject } = Promise.withResolvers<ExecResult>();
  let over = false;
  const kill = async () => {
    over = true;
    const asked = (await upTime(host)) - ticksIn(clock.ticks() - sinceTicks) - 1;
    const looks = { afterMs: everyQuarterSecond(), signal: ended.signal };
    if ((await killLeft(context, { id, command, asked }, looks)) === 'several') resolve(killed);
  };
  const giveUp = () => {
    const hung = new OperationError(`${what}: the container runtime at ${client.socketPath} does not end it`);
    return client.call('Version', {}, { what, timeoutMs: versionTimeoutMs }).then(
      () => resolve(killed),
      () => reject(hung),
    );
  };
  const cancelKill = clock.after(Math.min(timeoutMs, longestMs), () => void kill());
  const giveUpMs = Math.min(secondsOf(timeoutMs) * 1000 + slackMs, longestMs);
  const cancelGivingUp = clock.after(giveUpMs, () => void giveUp());
  const end = () => {
    cancelKill();
    cancelGivingUp();
    ended.abort();
  };
  return { isOver: () => over, givenUp, end };
}
