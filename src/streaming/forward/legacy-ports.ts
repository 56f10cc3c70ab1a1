import type { Duplex } from 'node:stream';
import { KeepAlive } from '../keep-alive.ts';
import type { StreamingDoors } from '../upgraded.ts';
import { Channels } from '../websocket/channels.ts';
import { WebSocketConnection } from '../websocket/connection.ts';
import type { Wire } from '../wire.ts';
import { splice } from './splice.ts';

export type LegacyForward = {
  readonly ports: readonly number[];
  readonly codec: 'binary' | 'base64';
  readonly connect: (port: number) => Promise<Duplex>;
};

/**
 * One connection for each port, in a WebSocket of its own: channels 2n for data and 2n + 1 for errors, each beginning
 * with the port (v4.channel.k8s.io). Resolves when it is closed, which is when all connections are over.
 */
export async function serveLegacyPorts(wire: Wire, forward: LegacyForward, doors: StreamingDoors): Promise<void> {
  const keepAlive = new KeepAlive(wire, doors);
  const channels = new Channels(new WebSocketConnection(wire), {
    readable: forward.ports.map((_, index) => 2 * index),
    codec: forward.codec,
    hasClose: false,
    moved: () => keepAlive.moved(),
  });
  const served = keepAlive.serve(channels);
  const forwarded = forward.ports.map((port, index) => {
    const [input, output] = [channels.readable(2 * index), channels.writable(2 * index)];
    const error = channels.writable(2 * index + 1);
    // Such a client cannot end its side: the program's end is the connection's.
    output.once('finish', () => input.destroy());
    for (const stream of [output, error]) stream.write(Buffer.from([port & 0xff, port >> 8]));
    return splice({ port, input, output, error }, forward.connect);
  });
  await Promise.all(forwarded);
  await served.close();
}
