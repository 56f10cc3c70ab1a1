import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { OperationError } from '../base/errors.ts';
import type { SpdyHeaders } from './spdy/header-codec.ts';
import { SpdySession } from './spdy/session.ts';
import type { SpdyStream } from './spdy/stream.ts';
import { socketWire } from './wire.ts';

export type SpdyConnection = {
  /** Resolves when the server has taken the stream. */
  open(headers: SpdyHeaders): Promise<SpdyStream>;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  destroy(): void;
};

type Asked = {
  readonly url: URL;
  /** What is spoken in the streams, such as `portforward.k8s.io`. */
  readonly protocol: string;
};

/** A server that says nothing hangs; the kubelet gives a client as long to open its streams. */
const answerMs = 30_000;
const longestHead = 16 * 1024;
/** How much of an error's text is shown. */
const longestBody = 1024;

/** Has a server switch a fresh connection to SPDY/3.1. Throws OperationError with the server's words when it does not. */
export async function dialSpdy(socket: Duplex, asked: Asked, clock: Clock): Promise<SpdyConnection> {
  const cancel = clock.after(answerMs, () =>
    socket.destroy(new OperationError(`no answer within ${answerMs / 1000} s`)),
  );
  try {
    socket.write(requestHead(asked));
    const { head, rest } = await readHead(socket);
    const [, status, reason = ''] = /^HTTP\/1\.[01] (\d{3}) ?(.*)/.exec(head) ?? [];
    if (status === '101') return begin(socket, rest);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? longestBody);
    const body = await readBody(socket, rest, Math.min(length, longestBody));
    throw new OperationError(`it answered ${status ?? 'no HTTP'} ${body === '' ? reason : body}`.trim());
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  } finally {
    cancel();
  }
}

function begin(socket: Duplex, rest: Uint8Array): SpdyConnection {
  const wire = socketWire(socket, rest);
  const nothing = () => {};
  const session = new SpdySession(wire, { role: 'client', accept: () => false, opened: nothing, moved: nothing });
  void session.run();
  return { open: (headers) => session.open(headers), closed: wire.closed, destroy: () => wire.destroy() };
}

function requestHead({ url, protocol }: Asked): string {
  const headers = [
    `Host: ${url.host}`,
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    `X-Stream-Protocol-Version: ${protocol}`,
    'Content-Length: 0',
  ];
  return `POST ${url.pathname}${url.search} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
}

async function readHead(socket: Duplex): Promise<{ readonly head: string; readonly rest: Buffer }> {
  let all = Buffer.alloc(0);
  for await (const piece of pieces(socket)) {
    all = Buffer.concat([all, piece]);
    const end = all.indexOf('\r\n\r\n');
    if (end >= 0) return { head: all.toString('latin1', 0, end), rest: all.subarray(end + 4) };
    if (all.length > longestHead) break;
  }
  throw new OperationError('it ended the connection without an answer');
}

async function readBody(socket: Duplex, rest: Buffer, length: number): Promise<string> {
  let all = rest;
  if (all.length < length) {
    for await (const piece of pieces(socket)) {
      all = Buffer.concat([all, piece]);
      if (all.length >= length) break;
    }
  }
  return all.toString('utf8', 0, length).trim();
}

function pieces(socket: Duplex): AsyncIterable<Buffer> {
  return socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
}
