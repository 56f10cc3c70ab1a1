import * as http2 from 'node:http2';
import type { Access, Answer } from './access.ts';

/** How often a request is sent again that the server says it has not looked at; as Go's transport. */
const mostTries = 6;
const answerWithinMs = 15_000;

/** Requests over one HTTP/2 connection, as client-go sends them; a new connection when the server says that it leaves. */
export class Http2Client {
  readonly #access: Access;
  #session: http2.ClientHttp2Session | undefined;

  constructor(access: Access) {
    this.#access = access;
  }

  async request(method: string, path: string, body?: unknown): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#send(method, path, body);
      } catch (thrown) {
        if (tries === mostTries || !wasNotLookedAt(thrown)) throw thrown;
        this.#session = undefined;
      }
    }
  }

  close(): void {
    this.#session?.destroy();
  }

  #open(): http2.ClientHttp2Session {
    const old = this.#session;
    if (old !== undefined && !old.closed && !old.destroyed) return old;
    const { server, ca, cert, key } = this.#access;
    const session = http2.connect(server, { ca, cert, key });
    // Each request says by itself what has become of it.
    session.on('error', () => {});
    this.#session = session;
    return session;
  }

  #send(method: string, path: string, body: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = this.#open().request({
        ':method': method,
        ':path': path,
        accept: 'application/json',
        'content-type': 'application/json',
      });
      let status: number | undefined;
      const chunks: Buffer[] = [];
      stream.setTimeout(answerWithinMs, () => stream.destroy(new Error('no answer in time')));
      stream.on('response', (headers) => {
        status = headers[':status'];
      });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', (thrown) => reject(stream.rstCode === refused ? new NotLookedAt() : thrown));
      stream.on('close', () => {
        if (status !== undefined && stream.rstCode === 0) resolve({ status, text: Buffer.concat(chunks).toString() });
        else reject(stream.rstCode === refused ? new NotLookedAt() : new Error('ended without an answer'));
      });
      stream.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

const refused = http2.constants.NGHTTP2_REFUSED_STREAM;

class NotLookedAt extends Error {}

/** Streams above the last one that a GOAWAY names are refused (RFC 9113, 6.8): they may be sent again. */
function wasNotLookedAt(thrown: unknown): boolean {
  if (thrown instanceof NotLookedAt) return true;
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    ['ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_INVALID_SESSION'].includes(String(thrown.code))
  );
}
