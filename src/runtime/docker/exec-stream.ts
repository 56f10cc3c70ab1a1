import type { Duplex } from 'node:stream';
import { sleep } from '../../base/clock.ts';
import type { CommandIo, TerminalSize } from '../../base/command-io.ts';
import { copyAll, demux } from './demux.ts';
import { exitCodeOf } from './exec.ts';
import { type KillContext, killExec } from './kill-exec.ts';

type Command = { readonly id: string; readonly command: readonly string[] };

/** Nobody types these by chance; Docker's own, Ctrl-P Ctrl-Q, would hold back every Ctrl-P. */
export const detachKeys = 'ctrl-^,ctrl-],ctrl-^,ctrl-]';

/** Docker knows an exec's terminal some milliseconds after its start. */
const resizeTries = 20;
const resizeAgainMs = 50;

/** Runs a command in a container with streams; killed when the client leaves, where that can be done from here. */
export async function execStream(context: KillContext, request: Command, io: CommandIo): Promise<number> {
  const { client } = context;
  const what = `cannot run ${request.command[0] ?? 'a command'} in container ${request.id.slice(0, 12)}`;
  const { id: execId } = await client.call(what, (docker, abortSignal) =>
    docker.getContainer(request.id).exec({
      Cmd: [...request.command],
      AttachStdin: io.stdin !== undefined,
      AttachStdout: io.stdout !== undefined,
      AttachStderr: io.stderr !== undefined,
      Tty: io.tty,
      DetachKeys: detachKeys,
      abortSignal,
    }),
  );
  const stream = await client.call(what, (docker, abortSignal) =>
    docker.getExec(execId).start({ hijack: true, stdin: true, Tty: io.tty, abortSignal }),
  );
  if (io.tty) void followSizes(context, (size) => resizeExec(context, execId, size), io);
  await passOn(stream, { ...io, demuxed: !io.tty });
  if (io.signal.aborted) {
    await killExec(context, { id: execId, containerId: request.id });
    return 0;
  }
  return exitCodeOf(context, { execId, signal: io.signal });
}

/** Passes on both ways until the output ends or the client leaves. `demuxed`: both outputs come in Docker's framing. */
export async function passOn(stream: Duplex, io: CommandIo & { readonly demuxed: boolean }): Promise<void> {
  const leave = () => void stream.destroy();
  stream.on('error', () => {});
  io.signal.addEventListener('abort', leave, { once: true });
  if (io.signal.aborted) leave();
  io.stdin?.pipe(stream);
  try {
    await (io.demuxed ? demux(stream, { stdout: io.stdout, stderr: io.stderr }) : copyAll(stream, io.stdout));
  } catch {
    // Broken off: by the client's leaving, or with the container.
  } finally {
    io.signal.removeEventListener('abort', leave);
    io.stdin?.unpipe(stream).resume();
    stream.destroy();
  }
}

/** Keeps a terminal as large as the client's, until the client leaves. */
export async function followSizes(
  { clock }: Pick<KillContext, 'clock'>,
  resize: (size: TerminalSize) => Promise<void>,
  io: CommandIo,
): Promise<void> {
  for await (const size of io.sizes) {
    for (let tries = 0; tries < resizeTries && !io.signal.aborted; tries++) {
      const done = await resize(size).then(
        () => true,
        () => false,
      );
      if (done) break;
      await sleep(clock, resizeAgainMs, io.signal);
    }
  }
}

async function resizeExec({ client }: KillContext, execId: string, { width, height }: TerminalSize): Promise<void> {
  await client.call('cannot resize a terminal', (docker, abortSignal) =>
    docker.getExec(execId).resize({ w: width, h: height, abortSignal }),
  );
}
