import type { Wire } from '../wire.ts';
import type { WebSocketConnection } from './connection.ts';

/** The bytes of another protocol in binary messages, wherever those begin and end (`SPDY/3.1+portforward.k8s.io`). */
export function tunnelWire(connection: WebSocketConnection): Wire {
  return {
    input: payloads(connection),
    closed: connection.closed,
    write: (...parts) => connection.send('binary', ...parts),
    end: () => connection.close(),
    destroy: () => connection.destroy(),
  };
}

async function* payloads(connection: WebSocketConnection): AsyncGenerator<Uint8Array> {
  for await (const { data } of connection.messages()) if (data.length > 0) yield data;
}
