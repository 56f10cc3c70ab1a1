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
  readonly #door: StreamDoor;
  readonly #inbox: Inbox;
  #ended = { here: false, there: false };

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

  override _read(): void {
    this.#inbox.ask();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (thrown?: Error) => void): void {
    this.#door.send(this.streamId, chunk).then(() => done(), done);
  }

  override _final(done: (thrown?: Error) => void): void {
    this.#ended = { ...this.#ended, here: true };
    this.#door.sendFin(this.streamId).then(() => done(), done);
  }

  override _destroy(thrown: Error | null, done: (thrown: Error | null) => void): void {
    this.#inbox.close();
    this.#door.closed(this.streamId, this.#ended.here && this.#ended.there);
    done(thrown);
  }
}
