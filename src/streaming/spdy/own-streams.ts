import type { SpdyHeaders } from './header-codec.ts';
import type { SpdyStream } from './stream.ts';
import type { StreamTable } from './stream-table.ts';

/** The streams that a client opens. */
export class OwnStreams {
  readonly #table: StreamTable;
  readonly #synStream: (stream: SpdyStream) => Promise<void>;
  readonly #unanswered = new Map<number, () => void>();
  /** Header blocks build on each other: they are sent in the order in which they were made. */
  #opening: Promise<unknown> = Promise.resolve();
  #lastStreamId = -1;

  constructor(table: StreamTable, synStream: (stream: SpdyStream) => Promise<void>) {
    this.#table = table;
    this.#synStream = synStream;
  }

  get lastStreamId(): number {
    return this.#lastStreamId;
  }

  /** Resolves when the server has taken the stream, throws when it does not. */
  async open(headers: SpdyHeaders): Promise<SpdyStream> {
    const sent = this.#opening.then(() => this.#send(headers));
    this.#opening = sent.catch(() => {});
    const { stream, answered } = await sent;
    await answered;
    if (stream.destroyed) throw new Error(`a stream for ${headers.get('streamtype') ?? 'data'} was refused`);
    return stream;
  }

  /** SYN_REPLY. */
  answered(streamId: number): void {
    this.#unanswered.get(streamId)?.();
    this.#unanswered.delete(streamId);
  }

  isUnanswered(streamId: number): boolean {
    return this.#unanswered.has(streamId);
  }

  async #send(headers: SpdyHeaders) {
    this.#lastStreamId += 2;
    const stream = this.#table.add(this.#lastStreamId, headers);
    const answered = new Promise<void>((resolve) => {
      this.#unanswered.set(stream.streamId, resolve);
      stream.once('close', resolve);
    });
    await this.#synStream(stream);
    return { stream, answered };
  }
}
