import { Writable } from 'node:stream';
import type Docker from 'dockerode';
import { type Clock, sleep } from '../../base/clock.ts';
import { hasCode, messageOf } from '../../base/errors.ts';
import type { HostProcesses } from '../../host/host.ts';
import type { ExecResult } from '../runtime.ts';
import type { DockerClient } from './client.ts';

export type ExecContext = {
  readonly client: DockerClient;
  readonly clock: Clock;
  readonly host: Pick<HostProcesses, 'kill'>;
  readonly warn: (message: string) => void;
};

type Command = { readonly id: string; readonly command: readonly string[]; readonly timeoutMs: number };

/** The kubelet keeps as much of a probe's output (prober.go, maxProbeMessageLength). */
const outputLimitBytes = 10 * 1024;
/** No command's own timeout is longer; Node's timers hold no more. */
const longestMs = 0x7fffffff;
/** 128 + SIGKILL. */
const killedExitCode = 137;

/** Docker cannot end an exec: on timeout its process is killed by the pid that Docker tells. */
export async function execInContainer(context: ExecContext, request: Command): Promise<ExecResult> {
  const what = `cannot run ${request.command[0] ?? 'a command'} in container ${request.id.slice(0, 12)}`;
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
  try {
    await readOutput(context, { what, execId: made.id, output, signal: timeout.signal });
    return { exitCode: await exitCodeOf(context, what, made.id), output: output.text(), timedOut: false };
  } catch (thrown) {
    if (!timeout.signal.aborted) throw thrown;
    await kill(context, what, made.id);
    return { exitCode: killedExitCode, output: output.text(), timedOut: true };
  } finally {
    cancel();
  }
}

type Reading = {
  readonly what: string;
  readonly execId: string;
  readonly output: OutputBuffer;
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

/** The stream ends a moment before Docker knows the exit code. */
async function exitCodeOf({ client, clock }: ExecContext, what: string, execId: string): Promise<number> {
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 2, 1000)) {
    const info = await inspect(client, what, execId);
    if (!info.Running && info.ExitCode !== null) return info.ExitCode;
    await sleep(clock, waitMs, client.closed);
    client.closed.throwIfAborted();
  }
}

async function kill({ client, host, warn }: ExecContext, what: string, execId: string): Promise<void> {
  try {
    const info = await inspect(client, what, execId);
    if (info.Running && info.Pid > 0) host.kill(info.Pid, 'SIGKILL');
  } catch (thrown) {
    if (!hasCode(thrown, 'EPERM')) throw thrown;
    warn(`a command in a container that timed out goes on, since this user may not end it: ${messageOf(thrown)}`);
  }
}

function inspect(client: DockerClient, what: string, execId: string): Promise<Docker.ExecInspectInfo> {
  return client.call(what, (docker, abortSignal) => docker.getExec(execId).inspect({ abortSignal }));
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
