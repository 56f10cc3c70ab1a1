import type { Writable } from 'node:stream';
import type { CommandIo } from '../base/command-io.ts';
import type { CommandStreams, WantedStreams } from './command/command-streams.ts';
import { openSpdyCommand } from './command/spdy-command.ts';
import { exitStatus, failureStatus, printStatus } from './command/status.ts';
import { terminalSizes } from './command/terminal-sizes.ts';
import { openWebSocketCommand } from './command/websocket-command.ts';
import { asksFor, refuse, type StreamingDoors, type Upgraded } from './upgraded.ts';

/**
 * Serves exec or attach on an upgraded socket, by WebSocket or SPDY/3.1 as the client asks: `run` gets the streams and
 * tells the exit code; what it throws reaches the client as the error's text. Resolves when the connection is closed;
 * never rejects.
 */
export async function serveRemoteCommand(
  upgraded: Upgraded,
  asked: WantedStreams,
  run: (io: CommandIo) => Promise<number>,
  doors: StreamingDoors,
): Promise<void> {
  // A terminal has one output.
  const wanted = asked.tty ? { ...asked, stderr: false } : asked;
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    return refuse(upgraded, 400, { text: 'you must specify at least 1 of stdin, stdout, stderr' });
  }
  const open = asksFor(upgraded, 'websocket') ? openWebSocketCommand : openSpdyCommand;
  const streams = await open(upgraded, wanted, doors);
  if (streams === undefined) return;
  const ended = (async () => run(commandIo(streams, wanted.tty)))();
  const status = await ended.then(exitStatus, failureStatus);
  await Promise.all([finish(streams.stdout), finish(streams.stderr)]);
  await finish(streams.error, printStatus(status, streams.statusForm));
  await streams.close();
}

function commandIo(streams: CommandStreams, tty: boolean): CommandIo {
  const { stdin, stdout, stderr, resize, gone } = streams;
  return {
    tty,
    ...(stdin === undefined ? {} : { stdin }),
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
    sizes: terminalSizes(resize),
    signal: gone,
  };
}

/** Ends a stream; resolves when all of it is on its way, or nobody is there to take it. */
function finish(stream: Writable | undefined, text = ''): Promise<void> {
  return new Promise((resolve) => {
    if (stream === undefined || stream.destroyed || stream.writableFinished) return resolve();
    stream.once('finish', resolve).once('close', resolve).once('error', resolve);
    if (!stream.writableEnded) stream.end(text === '' ? undefined : text);
  });
}
