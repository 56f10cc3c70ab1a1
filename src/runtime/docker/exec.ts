import { Writable } from 'node:stream';
import { sleep } from '../../base/clock.ts';
import type { ExecResult } from '../runtime.ts';
import { hasEnded, inspectExec, type KillContext, killExec } from './kill-exec.ts';

/** Commands that went on after their time, by container and command; what could be killed is not in here. */
export type Lingering = Map<string, string>;

export type ExecContext = KillContext & { readonly lingering: Lingering };

type Command = { readonly id: string; readonly command: readonly string[]; readonly timeoutMs: number };

/** The kubelet keeps as much of a probe's output (prober.go, maxProbeMessageLength). */
const outputLimitBytes = 10 * 1024;
/** No command's own timeout is longer; Node's timers hold no more. */
const longestMs = 0x7fffffff;
/** 128 + SIGKILL. */
const killedExitCode = 137;

/**
 * Runs a command in a container; what outlives its time is killed. Where it cannot be killed, the same command is not
 * begun once more before it has ended: it counts as timed out.
 */
export async function execInContainer(context: ExecContext, request: Command): Promise<ExecResult> {
  const what = `cannot run ${request.command[0] ?? 'a command'} in container ${request.id.slice(0, 12)}`;
  if (await isLingering(context, request)) return timedOut('the same command from before still runs');
  const made = await context.client.call(what, (docker, abortSignal) =>
    docker.getContainer(request.id).exec({
      Cmd: [...request.command],
      AttachStdout: true,
      AttachStderr: true,
      abortSignal,
    }),
  );
  const timeout = new AbortController();
  const cancel = context.clock.after(request.timeoutMs, () => timeout.abort());
  const output = new OutputBuffer();
  const reading: Reading = { what, execId: made.id, output, signal: timeout.signal };
  try {
    await readOutput(context, reading);
    return { exitCode: await exitCodeOf(context, reading), output: output.text(), timedOut: false };
  } catch (thrown) {
    if (!timeout.signal.aborted) throw thrown;
    return await overdue(context, request, reading);
  } finally {
    cancel();
  }
}

async function isLingering(context: ExecContext, request: Command): Promise<boolean> {
  const execId = context.lingering.get(keyOf(request));
  if (execId === undefined) return false;
  const ended = await killExec(context, { id: execId, containerId: request.id }).catch(() => 'gone');
  if (ended !== undefined) context.lingering.delete(keyOf(request));
  return ended === undefined;
}

async function overdue(context: ExecContext, request: Command, { execId, output }: Reading): Promise<ExecResult> {
  const before = await inspectExec(context.client, execId);
  // It has ended in time; what it has left behind holds the streams open, and may.
  if (hasEnded(before)) {
    return { exitCode: before.ExitCode ?? 0, output: output.text(), timedOut: false };
  }
  const ended = await killExec(context, { id: execId, containerId: request.id });
  if (ended === undefined) context.lingering.set(keyOf(request), execId);
  return timedOut(output.text());
}

function timedOut(output: string): ExecResult {
  return { exitCode: killedExitCode, output, timedOut: true };
}

function keyOf({ id, command }: Command): string {
  return JSON.stringify([id, ...command]);
}

type Reading = {
  readonly what: string;
  readonly execId: string;
  readonly output: OutputBuffer;
  /** Ends with the command's time. */
  readonly signal: AbortSignal;
};

async function readOutput({ client }: ExecContext, { what, execId, output, signal }: Reading): Promise<void> {
  await client.call(
    what,
    async (docker, abortSignal) => {
      const stream = await docker.getExec(execId).start({ abortSignal });
      await new Promise<void>((resolve, reject) => {
        stream.on('end', resolve).on('close', resolve).on('error', reject);
        abortSignal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        const sink = output.sink();
        docker.modem.demuxStream(stream, sink, sink);
      });
    },
    { signal, timeoutMs: longestMs },
  );
}

/** The stream ends a moment before Docker knows the exit code, and long before when the command closed it. */
export async function exitCodeOf(
  { client, clock }: Pick<KillContext, 'client' | 'clock'>,
  { execId, signal }: { readonly execId: string; readonly signal: AbortSignal },
): Promise<number> {
  const over = AbortSignal.any([client.closed, signal]);
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 2, 1000)) {
    const info = await inspectExec(client, execId);
    if (hasEnded(info)) return info.ExitCode ?? 0;
    await sleep(clock, waitMs, over);
    over.throwIfAborted();
  }
}

class OutputBuffer {
  readonly #chunks: Buffer[] = [];
  #size = 0;

  add(chunk: Buffer): void {
    const room = outputLimitBytes - this.#size;
    if (room <= 0) return;
    this.#chunks.push(chunk.subarray(0, room));
    this.#size += Math.min(chunk.length, room);
  }

  sink(): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.add(chunk);
        done();
      },
    });
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
