import type { Duplex } from 'node:stream';
import { serveLegacyPorts } from './forward/legacy-ports.ts';
import { splice } from './forward/splice.ts';
import { forwardedPort, StreamPairs } from './forward/stream-pairs.ts';
import { KeepAlive } from './keep-alive.ts';
import { acceptSpdy } from './spdy/handshake.ts';
import { SpdySession } from './spdy/session.ts';
import { asksFor, refuse, type StreamingDoors, type Upgraded } from './upgraded.ts';
import { WebSocketConnection } from './websocket/connection.ts';
import { acceptWebSocket } from './websocket/handshake.ts';
import { tunnelWire } from './websocket/tunnel.ts';
import { socketWire, type Wire } from './wire.ts';

type Connect = (port: number) => Promise<Duplex>;

const spdyProtocol = 'portforward.k8s.io';
const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const legacyProtocols = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io', ''];
/** How long the kubelet waits for the second stream of a pair. */
const defaultCreationMs = 30_000;

/**
 * Serves a port-forward on an upgraded socket, as the client asks: SPDY/3.1, plain or in a WebSocket, or a WebSocket with
 * a channel for each of `legacyPorts` (`?ports=`). `connect` reaches a port of the pod; why it does not is told to the
 * client. Resolves when the connection is closed; never rejects.
 */
export async function servePortForward(
  upgraded: Upgraded,
  legacyPorts: readonly number[],
  connect: Connect,
  doors: StreamingDoors,
): Promise<void> {
  if (!asksFor(upgraded, 'websocket')) {
    if (acceptSpdy(upgraded, [spdyProtocol]) === undefined) return;
    return servePairs(socketWire(upgraded.socket, upgraded.head), connect, doors);
  }
  const isTunnel = (upgraded.headers['sec-websocket-protocol'] ?? '').includes(tunnelProtocol);
  if (!isTunnel && legacyPorts.length === 0) {
    return refuse(upgraded, 400, { text: 'query parameter "ports" is required' });
  }
  const protocol = acceptWebSocket(upgraded, isTunnel ? [tunnelProtocol] : legacyProtocols);
  if (protocol === undefined) return;
  const wire = socketWire(upgraded.socket, upgraded.head);
  if (isTunnel) return servePairs(tunnelWire(new WebSocketConnection(wire)), connect, doors);
  const codec = protocol.includes('base64') ? 'base64' : 'binary';
  return serveLegacyPorts(wire, { ports: legacyPorts, codec, connect }, doors);
}

/** Any number of forwarded connections, each a pair of streams, until the client is gone. */
async function servePairs(wire: Wire, connect: Connect, doors: StreamingDoors): Promise<void> {
  const pairs = new StreamPairs(doors.clock, doors.creationMs ?? defaultCreationMs);
  const keepAlive = new KeepAlive(wire, doors);
  const session = new SpdySession(wire, {
    moved: () => keepAlive.moved(),
    accept: (headers) => forwardedPort(headers) !== undefined,
    opened: (stream) => {
      const pair = pairs.add(stream);
      if (pair === undefined) return;
      const { port, data, error } = pair;
      error.resume();
      void splice({ port, input: data, output: data, error }, connect);
    },
  });
  keepAlive.serve(session);
  await wire.closed;
}
