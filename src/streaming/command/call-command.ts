import type { Readable, Writable } from 'node:stream';
import type { CommandIo } from '../../base/command-io.ts';
import { OperationError } from '../../base/errors.ts';
import { writeAll } from '../../base/write-all.ts';
import type { SpdyConnection } from '../dial-spdy.ts';
import type { SpdyStream } from '../spdy/stream.ts';
import type { CommandStatus } from './status.ts';

/** The protocol that all runtimes speak; the newest one of SPDY (cri-streaming remotecommand/constants.go). */
export const commandProtocol = 'v4.channel.k8s.io';

const longestStatus = 64 * 1024;

/**
 * Talks to a command by a server that has it ready: opens the streams that `io` has and passes them on. Gives the exit
 * code; 0 when the signal aborts, which ends the connection.
 */
export async function callCommand(connection: SpdyConnection, io: CommandIo): Promise<number> {
  const leave = () => connection.destroy();
  io.signal.addEventListener('abort', leave, { once: true });
  try {
    if (io.signal.aborted) return 0;
    return await talk(connection, io);
  } catch (thrown) {
    if (io.signal.aborted) return 0;
    throw thrown;
  } finally {
    io.signal.removeEventListener('abort', leave);
    connection.destroy();
  }
}

async function talk(connection: SpdyConnection, io: CommandIo): Promise<number> {
  const openIf = (wanted: boolean, type: string) =>
    wanted ? connection.open(new Map([['streamtype', type]])) : undefined;
  const [error, stdin, stdout, stderr, resize] = await Promise.all([
    connection.open(new Map([['streamtype', 'error']])),
    openIf(io.stdin !== undefined, 'stdin'),
    openIf(io.stdout !== undefined, 'stdout'),
    openIf(io.stderr !== undefined, 'stderr'),
    openIf(io.tty, 'resize'),
  ]);
  error.end();
  // Input that the command leaves unread is no error.
  if (io.stdin !== undefined && stdin !== undefined) io.stdin.pipe(stdin);
  if (resize !== undefined) void sendSizes(io, resize);
  try {
    const [status] = await Promise.all([readStatus(error), copy(stdout, io.stdout), copy(stderr, io.stderr)]);
    return exitCodeOf(status);
  } finally {
    if (stdin !== undefined) io.stdin?.unpipe(stdin).resume();
  }
}

async function copy(stream: SpdyStream | undefined, sink: Writable | undefined): Promise<void> {
  if (stream === undefined) return;
  for await (const piece of stream as AsyncIterable<Buffer>) await writeAll(sink, piece);
}

async function sendSizes(io: CommandIo, resize: Writable): Promise<void> {
  for await (const { width, height } of io.sizes) {
    if (resize.destroyed) return;
    await writeAll(resize, Buffer.from(`${JSON.stringify({ Width: width, Height: height })}\n`));
  }
}

async function readStatus(error: Readable): Promise<CommandStatus | undefined> {
  let text = '';
  for await (const piece of error as AsyncIterable<Buffer>) text = (text + piece.toString()).slice(0, longestStatus);
  try {
    return JSON.parse(text) as CommandStatus;
  } catch {
    return text === '' ? undefined : { metadata: {}, status: 'Failure', message: text };
  }
}

/** The other way round of `exitStatus`. */
function exitCodeOf(status: CommandStatus | undefined): number {
  if (status === undefined) throw new OperationError('the connection ended before the command did');
  if (status.status === 'Success') return 0;
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  const exitCode = status.reason === 'NonZeroExitCode' ? Number(cause?.message) : Number.NaN;
  if (Number.isInteger(exitCode)) return exitCode;
  throw new OperationError(status.message ?? 'the command failed without saying why');
}
