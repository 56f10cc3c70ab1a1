import { KeepAlive } from '../keep-alive.ts';
import type { StreamingDoors, Upgraded } from '../upgraded.ts';
import { Channels } from '../websocket/channels.ts';
import { WebSocketConnection } from '../websocket/connection.ts';
import { acceptWebSocket } from '../websocket/handshake.ts';
import { socketWire } from '../wire.ts';
import type { CommandStreams, WantedStreams } from './command-streams.ts';

type Version = {
  readonly codec: 'binary' | 'base64';
  readonly hasClose: boolean;
  readonly statusForm: 'json' | 'text';
};

/** What each subprotocol is; a client that names none speaks the oldest. v2 and v3 are of SPDY, and the same as v1 here. */
const versions: Readonly<Record<string, Version>> = {
  'v5.channel.k8s.io': { codec: 'binary', hasClose: true, statusForm: 'json' },
  'v4.channel.k8s.io': { codec: 'binary', hasClose: false, statusForm: 'json' },
  'v4.base64.channel.k8s.io': { codec: 'base64', hasClose: false, statusForm: 'json' },
  'v3.channel.k8s.io': { codec: 'binary', hasClose: false, statusForm: 'text' },
  'v2.channel.k8s.io': { codec: 'binary', hasClose: false, statusForm: 'text' },
  'channel.k8s.io': { codec: 'binary', hasClose: false, statusForm: 'text' },
  'base64.channel.k8s.io': { codec: 'base64', hasClose: false, statusForm: 'text' },
  '': { codec: 'binary', hasClose: false, statusForm: 'text' },
};

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

/** The streams of a command in a WebSocket; undefined when the client was refused. */
export function openWebSocketCommand(
  upgraded: Upgraded,
  wanted: WantedStreams,
  doors: StreamingDoors,
): CommandStreams | undefined {
  const protocol = acceptWebSocket(upgraded, Object.keys(versions));
  const version = protocol === undefined ? undefined : versions[protocol];
  if (version === undefined) return undefined;
  const wire = socketWire(upgraded.socket, upgraded.head);
  const keepAlive = new KeepAlive(wire, doors);
  const channels = new Channels(new WebSocketConnection(wire), {
    ...version,
    readable: [...(wanted.stdin ? [channel.stdin] : []), ...(wanted.tty ? [channel.resize] : [])],
    moved: () => keepAlive.moved(),
  });
  const streams = {
    stdin: wanted.stdin ? channels.readable(channel.stdin) : undefined,
    stdout: wanted.stdout ? channels.writable(channel.stdout) : undefined,
    stderr: wanted.stderr ? channels.writable(channel.stderr) : undefined,
    error: channels.writable(channel.error),
    resize: wanted.tty ? channels.readable(channel.resize) : undefined,
  };
  const served = keepAlive.serve(channels);
  // An empty message tells that the connection stands, as the kubelet's does.
  (streams.stdout ?? streams.stderr ?? streams.error).write(Buffer.alloc(0));
  return { ...served, ...streams, statusForm: version.statusForm };
}
