import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServedResponse } from './serve.ts';

/** A body in parts is sent as they come, and no more of them is asked for than the client takes. */
export type PeerResponse = Omit<ServedResponse, 'body'> & {
  readonly body: string | AsyncIterable<string>;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Answers; returns when all is sent or the client is gone. Throws when the body does. */
export async function sendResponse(response: ServerResponse, answer: PeerResponse, gone: AbortSignal): Promise<void> {
  const { status, body } = answer;
  response.writeHead(status, headersOf(answer));
  if (typeof body === 'string') return void response.end(body);
  response.flushHeaders();
  const batch = batching(response);
  for await (const part of body) {
    if (gone.aborted) return;
    batch.begin();
    if (!response.write(part)) await drained(response);
  }
  // Node would send the end before what is held back (_http_outgoing end).
  batch.flush();
  response.end();
}

/** Answers on the bare connection of a request that wanted another protocol, and ends it. */
export function refuseUpgrade(socket: Duplex, answer: PeerResponse): void {
  const { status, body } = answer;
  if (!socket.writable || typeof body !== 'string') return void socket.destroy();
  const headers = Object.entries({ ...headersOf(answer), connection: 'close' });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n${body}`);
}

function headersOf({ contentType, body, headers = {} }: PeerResponse): Record<string, string> {
  return {
    'content-type': contentType ?? 'text/plain; charset=utf-8',
    ...headers,
    ...(typeof body === 'string' ? { 'content-length': String(Buffer.byteLength(body)) } : {}),
  };
}

/** What comes at once goes out at once: a log of many lines is few packets, and a single line is not held back. */
function batching(response: ServerResponse): { begin(): void; flush(): void } {
  let corked = false;
  const flush = () => {
    if (corked) response.uncork();
    corked = false;
  };
  return {
    begin: () => {
      if (corked) return;
      corked = true;
      response.cork();
      setImmediate(flush);
    },
    flush,
  };
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
    if (response.destroyed) done();
  });
}
