import type { Clock } from '../../base/clock.ts';
import type { SpdyHeaders } from '../spdy/header-codec.ts';
import type { SpdyStream } from '../spdy/stream.ts';

export type StreamPair = { readonly port: number; readonly data: SpdyStream; readonly error: SpdyStream };

type Part = 'data' | 'error';

/** The port that a stream is for; undefined when its headers are not those of a forwarded connection. */
export function forwardedPort(headers: SpdyHeaders): number | undefined {
  const text = headers.get('port') ?? '';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return partOf(headers) !== undefined && port > 0 && port < 0x10000 ? port : undefined;
}

/** Two streams make one forwarded connection: data and errors, opened one after the other under one requestID. */
export class StreamPairs {
  readonly #clock: Clock;
  readonly #creationMs: number;
  readonly #half = new Map<string, { readonly stream: SpdyStream; readonly cancel: () => void }>();

  constructor(clock: Clock, creationMs: number) {
    this.#clock = clock;
    this.#creationMs = creationMs;
  }

  /** Gives the pair once both are there. A stream whose other half does not come in time is ended. */
  add(stream: SpdyStream): StreamPair | undefined {
    const id = pairId(stream);
    const other = this.#half.get(id);
    if (other === undefined) {
      this.#wait(id, stream);
      return undefined;
    }
    const [data, error] = partOf(stream.headers) === 'data' ? [stream, other.stream] : [other.stream, stream];
    if (partOf(other.stream.headers) === partOf(stream.headers)) {
      stream.destroy();
      return undefined;
    }
    this.#half.delete(id);
    other.cancel();
    return { port: forwardedPort(data.headers) ?? 0, data, error };
  }

  #wait(id: string, stream: SpdyStream): void {
    const forget = () => {
      this.#half.delete(id);
      cancel();
    };
    const cancel = this.#clock.after(this.#creationMs, () => {
      this.#half.delete(id);
      if (partOf(stream.headers) === 'error') stream.end('timed out waiting for the data stream');
      else stream.destroy();
    });
    stream.once('close', () => {
      if (this.#half.get(id)?.stream === stream) forget();
    });
    this.#half.set(id, { stream, cancel });
  }
}

function partOf(headers: SpdyHeaders): Part | undefined {
  const type = headers.get('streamtype');
  return type === 'data' || type === 'error' ? type : undefined;
}

/** Old clients give no requestID, and open the error stream and then the data stream, two numbers apart. */
function pairId({ streamId, headers }: SpdyStream): string {
  const requestId = headers.get('requestid');
  if (requestId !== undefined && requestId !== '') return requestId;
  return `stream ${partOf(headers) === 'data' ? streamId - 2 : streamId}`;
}
