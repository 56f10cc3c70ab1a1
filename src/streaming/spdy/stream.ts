import { Duplex } from 'node:stream';
import { Inbox } from '../inbox.ts';
import type { SpdyHeaders } from './header-codec.ts';

/** What a stream asks of its connection. */
export interface StreamDoor {
  send(streamId: number, data: Buffer): Promise<void>;
  sendFin(streamId: number): Promise<void>;
  /** So much of what came has been read, or was dropped. */
  taken(streamId: number, bytes: number): void;
  /** It is over; `complete` when both sides had ended. */
  closed(streamId: number, complete: boolean): void;
}

/** What lies in a stream beyond what its connection counts. */
const bufferBytes = 16 * 1024;

/** One stream of a SPDY connection: each side ends on its own; destroying it before both have is a RST_STREAM. */
export class SpdyStream extends Duplex {
  readonly streamId: number;
  readonly headers: SpdyHeaders;
  /** Asked when the peer resets the stream: with an error it is broken, not ended. Must not reject. */
  whyReset: (() => Promise<Error | undefined>) | undefined;
  readonly #door: StreamDoor;
  readonly #inbox: Inbox;
  #ended = { here: false, there: false };
  /** What is written goes nowhere. */
  #isReset = false;

  constructor(door: StreamDoor, from: { readonly streamId: number; readonly headers: SpdyHeaders }) {
    super({ highWaterMark: bufferBytes });
    this.#door = door;
    this.streamId = from.streamId;
    this.headers = from.headers;
    this.#inbox = new Inbox(
      (data) => this.push(data),
      (bytes) => door.taken(from.streamId, bytes),
    );
    // A stream that breaks is over; nobody has to listen for it.
    this.on('error', () => {});
  }

  /** A piece that arrived. */
  receive(data: Uint8Array): void {
    this.#inbox.receive(data);
  }

  /** The peer sends nothing more. */
  receiveFin(): void {
    this.#ended = { ...this.#ended, there: true };
    this.#inbox.end();
  }

  /** RST_STREAM, or the connection is gone: both sides are over, and nothing is said. */
  reset(): void {
    this.#ended = { here: true, there: true };
    this.destroy();
  }

  /** The same where what the peer sent before its FIN is still to be read. */
  resetUnlessEnded(): void {
    if (this.#ended.there) this.endByReset();
    else this.reset();
  }

  /** RST_STREAM of a peer that ends its streams by it, as Kubernetes' servers do: what came before counts. */
  endByReset(): void {
    this.#ended = { here: true, there: true };
    this.#isReset = true;
    this.#door.closed(this.streamId, true);
    const told = this.whyReset?.() ?? Promise.resolve(undefined);
    void told.then((why) => {
      if (why !== undefined || this.readableEnded) return this.destroy(why);
      this.once('end', () => this.destroy());
      this.#inbox.end();
    });
  }

  override _read(): void {
    this.#inbox.ask();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (thrown?: Error) => void): void {
    const sent = this.#isReset ? Promise.resolve() : this.#door.send(this.streamId, chunk);
    sent.then(
      () => done(),
      (thrown: Error) => done(this.#isReset ? undefined : thrown),
    );
  }

  override _final(done: (thrown?: Error) => void): void {
    this.#ended = { ...this.#ended, here: true };
    const sent = this.#isReset ? Promise.resolve() : this.#door.sendFin(this.streamId);
    sent.then(() => done(), done);
  }

  override _destroy(thrown: Error | null, done: (thrown: Error | null) => void): void {
    this.#inbox.close();
    this.#door.closed(this.streamId, this.#ended.here && this.#ended.there);
    done(thrown);
  }
}
