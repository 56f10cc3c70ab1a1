import { OperationError } from '../../base/errors.ts';
import type { ExecResult } from '../runtime.ts';
import { longestMs } from './client.ts';
import type { CriContext } from './context.ts';
import { hasStatus, status } from './cri-error.ts';

type Command = { readonly id: string; readonly command: readonly string[]; readonly timeoutMs: number };

/** The kubelet keeps as much of a probe's output (prober.go, maxProbeMessageLength). */
const outputLimitBytes = 10 * 1024;
/** The runtime ends the command itself; one that has not even told that by then hangs. */
const slackMs = 10_000;
/** 128 + SIGKILL. */
const killedExitCode = 137;

/**
 * Runs a command in a container; what outlives its time, counted in whole seconds, is killed by the runtime, which tells
 * nothing of its output then. Leaving a command, as when the runtime hangs, makes containerd kill it.
 */
export async function execInContainer(
  { client, clock }: Pick<CriContext, 'client' | 'clock'>,
  { id, command, timeoutMs }: Command,
): Promise<ExecResult> {
  const what = `cannot run ${command[0] ?? 'a command'} in container ${id.slice(0, 12)}`;
  const request = { containerId: id, cmd: command, timeout: Math.ceil(timeoutMs / 1000) };
  const hung = new AbortController();
  const cancel = clock.after(Math.min(timeoutMs + slackMs, longestMs), () => {
    hung.abort(new OperationError(`${what}: the container runtime at ${client.socketPath} does not end it`));
  });
  try {
    const options = { what, timeoutMs: longestMs, signal: hung.signal };
    const { exitCode, stdout, stderr } = await client.call('ExecSync', request, options);
    const output = Buffer.concat([stdout.subarray(0, outputLimitBytes), stderr]).subarray(0, outputLimitBytes);
    return { exitCode, output: output.toString(), timedOut: false };
  } catch (thrown) {
    if (!hasStatus(thrown, status.deadlineExceeded)) throw thrown;
    return { exitCode: killedExitCode, output: '', timedOut: true };
  } finally {
    cancel();
  }
}
