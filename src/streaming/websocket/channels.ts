import { Readable, Writable } from 'node:stream';
import { Inbox, UnreadBudget } from '../inbox.ts';
import { Base64Decoder } from './base64-decoder.ts';
import type { MessagePiece, WebSocketConnection } from './connection.ts';

export type ChannelOptions = {
  /** Channels that the client may write to; what comes on another is dropped. */
  readonly readable: readonly number[];
  /** `base64`: text messages, the channel as a digit. */
  readonly codec: 'binary' | 'base64';
  /** Whether `255, channel` ends a channel (v5). */
  readonly hasClose: boolean;
  /** Data came or went. */
  readonly moved: () => void;
};

const closeSignal = 255;
const bufferBytes = 16 * 1024;

/** Several streams in one WebSocket: the first byte of each message tells which (`channel.k8s.io` and its kin). */
export class Channels {
  readonly #connection: WebSocketConnection;
  readonly #options: ChannelOptions;
  readonly #budget = new UnreadBudget();
  readonly #inboxes = new Map<number, Inbox>();
  readonly #readables = new Map<number, Readable>();

  constructor(connection: WebSocketConnection, options: ChannelOptions) {
    this.#connection = connection;
    this.#options = options;
    for (const channel of options.readable) this.#readables.set(channel, this.#makeReadable(channel));
    void connection.closed.then(() => this.#budget.close());
  }

  /** What the client sends on one of the readable channels. */
  readable(channel: number): Readable {
    const found = this.#readables.get(channel);
    if (found === undefined) throw new Error(`channel ${channel} is not read`);
    return found;
  }

  /** Each write is a message, an empty one as well. */
  writable(channel: number): Writable {
    const { codec, moved } = this.#options;
    const stream = new Writable({
      highWaterMark: bufferBytes,
      write: (chunk: Buffer, _encoding, done) => {
        moved();
        const sent =
          codec === 'binary'
            ? this.#connection.send('binary', Buffer.from([channel]), chunk)
            : this.#connection.send('text', Buffer.from(`${channel}${chunk.toString('base64')}`));
        sent.then(() => done(), done);
      },
    });
    return stream.on('error', () => {});
  }

  /** Hands on what arrives until the client is gone; never rejects. The readable channels are over then. */
  async run(): Promise<void> {
    let take: ((data: Buffer) => void) | undefined;
    for await (const piece of this.#connection.messages()) {
      this.#options.moved();
      if (piece.first) take = this.#begin(piece);
      else take?.(piece.data);
      await this.#budget.room();
    }
    for (const readable of this.#readables.values()) readable.destroy();
  }

  ping(): void {
    this.#connection.ping();
  }

  close(): void {
    this.#connection.close();
  }

  /** Takes a message's first piece; tells what to do with the others. */
  #begin({ data }: MessagePiece): ((data: Buffer) => void) | undefined {
    const [first, second] = data;
    if (first === undefined) return undefined;
    if (this.#options.hasClose && first === closeSignal) {
      const end = (channel: number | undefined) => channel !== undefined && this.#inboxes.get(channel)?.end();
      end(second);
      return ([channel]) => void end(channel);
    }
    const inbox = this.#inboxes.get(this.#options.codec === 'binary' ? first : first - 0x30);
    if (inbox === undefined) return undefined;
    const decoder = this.#options.codec === 'binary' ? undefined : new Base64Decoder();
    const take = (piece: Buffer) => {
      const bytes = decoder === undefined ? piece : decoder.decode(piece);
      if (bytes.length === 0) return;
      this.#budget.add(bytes.length);
      inbox.receive(bytes);
    };
    take(data.subarray(1));
    return take;
  }

  #makeReadable(channel: number): Readable {
    const readable = new Readable({
      highWaterMark: bufferBytes,
      read: () => inbox.ask(),
      destroy: (thrown, done) => {
        inbox.close();
        done(thrown);
      },
    });
    const inbox = new Inbox(
      (data) => readable.push(data),
      (bytes) => this.#budget.add(-bytes),
    );
    this.#inboxes.set(channel, inbox);
    return readable.on('error', () => {});
  }
}
