import { KeepAlive } from '../keep-alive.ts';
import { acceptSpdy } from '../spdy/handshake.ts';
import { SpdySession } from '../spdy/session.ts';
import type { SpdyStream } from '../spdy/stream.ts';
import type { StreamingDoors, Upgraded } from '../upgraded.ts';
import { socketWire } from '../wire.ts';
import type { CommandStreams, WantedStreams } from './command-streams.ts';

/** What each version can do (cri-streaming remotecommand/constants.go); v5 is for WebSockets alone. */
const versions: Readonly<Record<string, { readonly resizes: boolean; readonly statusForm: 'json' | 'text' }>> = {
  'v4.channel.k8s.io': { resizes: true, statusForm: 'json' },
  'v3.channel.k8s.io': { resizes: true, statusForm: 'text' },
  'v2.channel.k8s.io': { resizes: false, statusForm: 'text' },
  'channel.k8s.io': { resizes: false, statusForm: 'text' },
};

type StreamType = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

/** How long the kubelet waits for a client to open its streams. */
const defaultCreationMs = 30_000;

/** The streams of a command over SPDY/3.1; undefined when the client was refused, or did not open them in time. */
export async function openSpdyCommand(
  upgraded: Upgraded,
  wanted: WantedStreams,
  doors: StreamingDoors,
): Promise<CommandStreams | undefined> {
  const protocol = acceptSpdy(upgraded, Object.keys(versions));
  const version = protocol === undefined ? undefined : versions[protocol];
  if (version === undefined) return undefined;
  const types = expectedTypes(wanted, version.resizes);
  const { served, opened, complete } = awaitStreams(upgraded, types, doors);
  const error = (await complete) ? opened.get('error') : undefined;
  if (error === undefined) {
    await served.close();
    return undefined;
  }
  const streams = { stdin: opened.get('stdin'), stdout: opened.get('stdout'), stderr: opened.get('stderr'), error };
  // What is only written to still has a reading side, which ends when somebody reads it.
  for (const stream of [streams.stdout, streams.stderr, error]) stream?.resume();
  return { ...served, ...streams, resize: opened.get('resize'), statusForm: version.statusForm };
}

/** Serves the connection; `complete` tells whether the client opened each type of stream, once, in time. */
function awaitStreams(upgraded: Upgraded, types: readonly StreamType[], doors: StreamingDoors) {
  const awaited = new Set(types);
  const opened = new Map<StreamType, SpdyStream>();
  const complete = Promise.withResolvers<boolean>();
  const wire = socketWire(upgraded.socket, upgraded.head);
  const keepAlive = new KeepAlive(wire, doors);
  const session = new SpdySession(wire, {
    moved: () => keepAlive.moved(),
    accept: (headers) => awaited.delete(headers.get('streamtype') as StreamType),
    opened: (stream) => {
      opened.set(stream.headers.get('streamtype') as StreamType, stream);
      if (opened.size === types.length) complete.resolve(true);
    },
  });
  const served = keepAlive.serve(session);
  const cancel = doors.clock.after(doors.creationMs ?? defaultCreationMs, () => complete.resolve(false));
  served.gone.addEventListener('abort', () => complete.resolve(false), { once: true });
  return { served, opened, complete: complete.promise.finally(cancel) };
}

function expectedTypes({ stdin, stdout, stderr, tty }: WantedStreams, resizes: boolean): readonly StreamType[] {
  const wanted = { error: true, stdin, stdout, stderr, resize: tty && resizes };
  const types: readonly StreamType[] = ['error', 'stdin', 'stdout', 'stderr', 'resize'];
  return types.filter((type) => wanted[type]);
}
