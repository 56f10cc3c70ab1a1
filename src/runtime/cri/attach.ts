import { sleep } from '../../base/clock.ts';
import type { CommandIo } from '../../base/command-io.ts';
import { callCommand, commandProtocol } from '../../streaming/command/call-command.ts';
import { lookTimeoutMs } from './client.ts';
import type { CriContext } from './context.ts';
import { dialStreamingServer } from './streaming-server.ts';

type AttachContext = Pick<CriContext, 'client' | 'clock'>;

/** The runtime knows the exit code some 50 ms after the streams have ended. */
const mostLooks = 20;
const lookEveryMs = 50;

/** Joins a container's own streams; its exit code when it has ended, 0 when the client left. */
export async function attachToContainer(context: AttachContext, id: string, io: CommandIo): Promise<number> {
  const what = `cannot attach to container ${id.slice(0, 12)}`;
  const wanted = streamsOf(io);
  const { url } = await context.client.call('Attach', { containerId: id, tty: io.tty, ...wanted }, { what });
  await callCommand(await dialStreamingServer(context, { what, url, protocol: commandProtocol }), io);
  for (let looks = 0; looks < mostLooks && !io.signal.aborted; looks++) {
    const { status } = await context.client.call(
      'ContainerStatus',
      { containerId: id },
      { what, timeoutMs: lookTimeoutMs },
    );
    if (status?.state === 'CONTAINER_EXITED') return status.exitCode;
    await sleep(context.clock, lookEveryMs, io.signal);
  }
  return 0;
}

/** Which streams to ask for; a terminal has one output. */
export function streamsOf({ tty, stdin, stdout, stderr }: CommandIo) {
  return { stdin: stdin !== undefined, stdout: stdout !== undefined, stderr: stderr !== undefined && !tty };
}
