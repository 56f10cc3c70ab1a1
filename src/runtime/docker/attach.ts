import type { Duplex } from 'node:stream';
import type { CommandIo, TerminalSize } from '../../base/command-io.ts';
import type { DockerClient } from './client.ts';
import { detachKeys, followSizes, passOn } from './exec-stream.ts';
import type { KillContext } from './kill-exec.ts';
import { inspectContainer } from './remove.ts';

/** Joins a container's own streams; its exit code when it has ended, 0 when the client left. */
export async function attachToContainer(context: KillContext, id: string, io: CommandIo): Promise<number> {
  const { client } = context;
  const what = `cannot attach to container ${id.slice(0, 12)}`;
  const { Config } = await inspectContainer(client, id);
  const hasInput = io.stdin !== undefined && Config.OpenStdin;
  if (!hasInput) io.stdin?.resume();
  const stream = await client.call(what, (docker, abortSignal) =>
    docker.getContainer(id).attach({
      stream: true,
      hijack: true,
      stdin: hasInput,
      stdout: io.stdout !== undefined,
      stderr: io.stderr !== undefined || Config.Tty,
      detachKeys,
      abortSignal,
    }),
  );
  if (Config.Tty) void followSizes(context, (size) => resizeContainer(client, id, size), io);
  const { stdin, ...outputs } = io;
  const inputs = hasInput && stdin !== undefined ? { stdin } : {};
  await passOn(stream as Duplex, { ...outputs, ...inputs, demuxed: !Config.Tty });
  if (io.signal.aborted) return 0;
  const { State } = await inspectContainer(client, id);
  return State.Running ? 0 : State.ExitCode;
}

async function resizeContainer(client: DockerClient, id: string, { width, height }: TerminalSize): Promise<void> {
  await client.call('cannot resize a terminal', (docker, abortSignal) =>
    docker.getContainer(id).resize({ w: width, h: height, abortSignal }),
  );
}
