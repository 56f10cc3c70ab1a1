import type { Duplex } from 'node:stream';
import type { CommandIo } from '../../base/command-io.ts';
import { callCommand, commandProtocol } from '../../streaming/command/call-command.ts';
import { callForward, forwardProtocol } from '../../streaming/forward/call-forward.ts';
import type { ContainerStreams } from '../runtime.ts';
import { attachToContainer, streamsOf } from './attach.ts';
import { killLeft, type LeaveContext, upTime } from './kill-left.ts';
import { dialStreamingServer } from './streaming-server.ts';

/** Streams of containers, by the runtime's own streaming server. */
export function criStreams(context: LeaveContext): ContainerStreams {
  return {
    exec: (id, command, io) => execStream(context, { id, command }, io),
    attach: (id, io) => attachToContainer(context, id, io),
    portForward: (sandboxId, port) => connectToPod(context, sandboxId, port),
  };
}

async function execStream(
  context: LeaveContext,
  { id, command }: { readonly id: string; readonly command: readonly string[] },
  io: CommandIo,
): Promise<number> {
  const what = `cannot run ${command[0] ?? 'a command'} in container ${id.slice(0, 12)}`;
  const { stdin, stdout, stderr } = streamsOf(io);
  const request = { containerId: id, cmd: command, tty: io.tty, stdin, stdout, stderr };
  const asked = await upTime(context.host);
  const { url } = await context.client.call('Exec', request, { what });
  const connection = await dialStreamingServer(context, { what, url, protocol: commandProtocol });
  const left = { id, command, asked, ready: await upTime(context.host) };
  return callUntilLeft(
    io,
    (signal) => callCommand(connection, { ...io, signal }),
    () => killLeft(context, left),
  );
}

/**
 * A client that leaves ends the command first and the connection then: a runtime that kills the command itself when that
 * closes (containerd 2) leaves what it has started without a trace of whose it was.
 */
async function callUntilLeft(
  { signal }: CommandIo,
  call: (signal: AbortSignal) => Promise<number>,
  kill: () => Promise<unknown>,
): Promise<number> {
  const over = new AbortController();
  let killing: Promise<unknown> | undefined;
  const leave = () => {
    killing = kill().finally(() => over.abort());
  };
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    const code = await call(over.signal);
    return signal.aborted ? 0 : code;
  } catch (thrown) {
    if (signal.aborted) return 0;
    throw thrown;
  } finally {
    signal.removeEventListener('abort', leave);
    await killing;
  }
}

async function connectToPod(context: LeaveContext, sandboxId: string, port: number): Promise<Duplex> {
  const what = `cannot connect to port ${port} of the pod`;
  const { url } = await context.client.call('PortForward', { podSandboxId: sandboxId, port: [port] }, { what });
  const connection = await dialStreamingServer(context, { what, url, protocol: forwardProtocol });
  return callForward(connection, port);
}
