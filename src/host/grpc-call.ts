import type { ClientHttp2Session, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';

type Headers = IncomingHttpHeaders & IncomingHttpStatusHeader;

/** One call of one message each way; `authority` is `host:port`, `method` is `/package.Service/Method`. */
export type GrpcCall = {
  readonly authority: string;
  /** Where the server listens in place of the authority's address. */
  readonly socketPath?: string;
  readonly method: string;
  readonly message: Uint8Array;
  readonly userAgent: string;
  readonly timeoutMs: number;
};

/** `status`: a code of gRPC's, 0 is OK; `details` is the server's own text. */
export type GrpcAnswer = { readonly status: number; readonly details: string; readonly message: Uint8Array };

/** No connection came about, as opposed to one on which no answer came. */
export class GrpcConnectError extends Error {}

const deadlineExceeded = 4;
const unknown = 2;
/** Bytes before a message: whether it is compressed, and its length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const prefixBytes = 5;
/** Far more than what is asked for may answer; the rest is not read. */
const maxBytes = 64 * 1024;

/** Calls a gRPC server without encryption. Throws GrpcConnectError when it cannot be reached; a deadline is status 4. */
export async function grpcCall(call: GrpcCall): Promise<GrpcAnswer> {
  const { connect } = await import('node:http2');
  const { connect: connectSocket } = await import('node:net');
  const { socketPath } = call;
  const options = socketPath === undefined ? {} : { createConnection: () => connectSocket(socketPath) };
  const session = connect(`http://${call.authority}`, options);
  const timedOut = Promise.withResolvers<'timeout'>();
  const timer = setTimeout(() => timedOut.resolve('timeout'), call.timeoutMs);
  try {
    const connected = await Promise.race([whenConnected(session), timedOut.promise]);
    if (connected === 'timeout') throw new GrpcConnectError('no connection in time');
    const answer = await Promise.race([exchange(session, call), timedOut.promise]);
    if (answer !== 'timeout') return answer;
    return { status: deadlineExceeded, details: 'deadline exceeded', message: new Uint8Array() };
  } finally {
    clearTimeout(timer);
    session.on('error', () => {});
    session.destroy();
  }
}

/** The server's settings are awaited too: only then it is one that speaks HTTP/2. */
function whenConnected(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.once('remoteSettings', () => resolve());
    session.once('error', (thrown) => reject(new GrpcConnectError(thrown.message, { cause: thrown })));
    session.once('close', () => reject(new GrpcConnectError('the server closed the connection')));
  });
}

function exchange(session: ClientHttp2Session, call: GrpcCall): Promise<GrpcAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': call.method,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': call.userAgent,
      'grpc-timeout': `${Math.ceil(call.timeoutMs)}m`,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let headers: Headers = {};
    let trailers: IncomingHttpHeaders = {};
    stream.on('response', (received) => {
      headers = received;
    });
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
    });
    stream.on('error', reject);
    stream.on('close', () => resolve(answerOf(headers, trailers, Buffer.concat(chunks))));
    stream.end(framed(call.message));
  });
}

function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function answerOf(headers: Headers, trailers: IncomingHttpHeaders, body: Buffer): GrpcAnswer {
  // An answer without a message has its status in the headers ("Trailers-Only").
  const told = trailers['grpc-status'] ?? headers['grpc-status'];
  const text = String(trailers['grpc-message'] ?? headers['grpc-message'] ?? '');
  const http = headers[':status'] ?? 0;
  const status = told === undefined ? statusOfHttp(http) : Number(told);
  const details = text === '' && told === undefined ? `unexpected HTTP status ${http}` : decoded(text);
  const end = body.length < prefixBytes ? 0 : prefixBytes + body.readUInt32BE(1);
  return { status, details, message: body.subarray(prefixBytes, end) };
}

/** What a server that knows no gRPC means (grpc doc/http-grpc-status-mapping.md). */
function statusOfHttp(status: number): number {
  const known: Readonly<Record<number, number>> = {
    400: 13,
    401: 16,
    403: 7,
    404: 12,
    429: 14,
    502: 14,
    503: 14,
    504: 14,
  };
  return known[status] ?? unknown;
}

/** Percent-encoded UTF-8; what is not is taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
