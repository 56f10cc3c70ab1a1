/** The headers of a WebSocket request; the key is that of RFC 6455, 1.3. */
export function webSocketHeaders(protocol?: string): Readonly<Record<string, string>> {
  return {
    connection: 'keep-alive, Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
    ...(protocol === undefined ? {} : { 'sec-websocket-protocol': protocol }),
  };
}

/** The headers of a SPDY/3.1 request as client-go sends them. */
export function spdyHeaders(...protocols: readonly string[]): Readonly<Record<string, string>> {
  return { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocols.join(', ') };
}
