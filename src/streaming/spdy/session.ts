import { ByteReader } from '../byte-reader.ts';
import { UnreadBudget } from '../inbox.ts';
import { ProtocolError } from '../protocol-error.ts';
import type { Wire } from '../wire.ts';
import * as frames from './frames.ts';
import { HeaderCodec, type SpdyHeaders } from './header-codec.ts';
import { ReceiveWindows } from './receive-windows.ts';
import { SendWindows } from './send-windows.ts';
import { SpdyStream, type StreamDoor } from './stream.ts';

export type SpdyOptions = {
  /** Whether the client may open a stream with these headers. */
  readonly accept: (headers: SpdyHeaders) => boolean;
  /** A stream that the client knows to be accepted. */
  readonly opened: (stream: SpdyStream) => void;
  /** Something came or went, other than a PING. */
  readonly moved: () => void;
};

/** Control frames of a kubelet's clients have some 100 bytes. */
const longestControlFrame = 64 * 1024;
/** Nobody waits longer for a turn on the connection than such a piece takes. */
const longestDataFrame = 32 * 1024;
const mostStreams = 2000;

/** The server's side of one SPDY/3.1 connection, in which only the client opens streams. */
export class SpdySession {
  readonly #wire: Wire;
  readonly #options: SpdyOptions;
  readonly #reader: ByteReader;
  readonly #codec = new HeaderCodec();
  readonly #send = new SendWindows();
  readonly #receive: ReceiveWindows;
  readonly #budget = new UnreadBudget();
  readonly #streams = new Map<number, SpdyStream>();
  #lastStreamId = 0;
  #pings = 0;
  #closing = false;

  constructor(wire: Wire, options: SpdyOptions) {
    this.#wire = wire;
    this.#options = options;
    this.#reader = new ByteReader(wire.input);
    this.#receive = new ReceiveWindows((streamId, delta) => this.#say(frames.windowUpdate(streamId, delta)));
    void wire.closed.then(() => this.#budget.close());
  }

  /** Serves until the client is gone or broke the protocol. Never rejects; all streams are over then. */
  async run(): Promise<void> {
    try {
      while (await this.#frame());
    } catch (thrown) {
      this.#sayGoodbye(thrown instanceof ProtocolError ? frames.goAwayStatus.protocolError : frames.goAwayStatus.ok);
    }
    this.#closing = true;
    this.#send.closeAll();
    for (const stream of this.#streams.values()) stream.reset();
    this.#codec.close();
    // Read on, so that the end of the connection is seen.
    void this.#reader.drain();
  }

  /** GOAWAY after all that was written; `run` goes on until the client closes. */
  close(): void {
    this.#sayGoodbye(frames.goAwayStatus.ok);
    this.#wire.end();
  }

  /** Lets the network find out whether the client is there. */
  ping(): void {
    this.#pings += 2;
    this.#say(frames.ping(this.#pings));
  }

  #sayGoodbye(status: number): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#say(frames.goAway(this.#lastStreamId, status));
  }

  /** Reads one frame; false at the end. */
  async #frame(): Promise<boolean> {
    const bytes = await this.#reader.exactly(frames.frameHeaderBytes);
    if (bytes === undefined) return false;
    const header = frames.decodeFrameHeader(bytes);
    if (header.kind === 'data') {
      this.#options.moved();
      return this.#data(header);
    }
    if (header.length > longestControlFrame) throw new ProtocolError(`a control frame of ${header.length} bytes`);
    const payload = await this.#reader.exactly(header.length);
    if (payload === undefined && header.length > 0) return false;
    if (header.type !== frames.frameTypes.ping) this.#options.moved();
    await this.#handlers[header.type]?.(payload ?? Buffer.alloc(0), header.flags);
    return true;
  }

  /** Passed on as it comes, however long the frame is. */
  async #data(header: frames.FrameHeader & { readonly kind: 'data' }): Promise<boolean> {
    const stream = this.#streams.get(header.streamId);
    if (header.streamId === 0 || header.streamId > this.#lastStreamId) {
      await this.#wire.write(frames.rstStream(header.streamId, frames.rstStatus.invalidStream));
    }
    for (let missing = header.length; missing > 0; ) {
      const piece = await this.#reader.some(Math.min(missing, longestDataFrame));
      if (piece === undefined) return false;
      missing -= piece.length;
      this.#budget.add(piece.length);
      if (stream === undefined) this.#taken(header.streamId, piece.length);
      else stream.receive(piece);
      await this.#budget.room();
    }
    if (header.fin) stream?.receiveFin();
    return true;
  }

  /** What each type of frame does. GOAWAY only says that no stream will be opened; other types are left alone (2.2.1). */
  readonly #handlers: Readonly<Record<number, (payload: Buffer, flags: number) => Promise<void> | void>> = {
    [frames.frameTypes.synStream]: (payload, flags) => this.#open(frames.decodeSynStream(payload), flags),
    [frames.frameTypes.synReply]: (payload, flags) => this.#headers(frames.decodeHeadersFrame(payload), flags),
    [frames.frameTypes.headers]: (payload, flags) => this.#headers(frames.decodeHeadersFrame(payload), flags),
    [frames.frameTypes.rstStream]: (payload) => this.#streams.get(frames.decodePair(payload).streamId)?.reset(),
    [frames.frameTypes.settings]: (payload) => {
      const bytes = frames.decodeInitialWindow(payload);
      if (bytes !== undefined) this.#send.setInitial(bytes);
    },
    [frames.frameTypes.ping]: async (payload) => {
      const id = frames.decodePing(payload);
      // The client's own are odd; an even one answers ours.
      if (id % 2 === 1) await this.#wire.write(frames.ping(id));
    },
    [frames.frameTypes.windowUpdate]: (payload) => {
      const { streamId, value } = frames.decodePair(payload);
      if (!this.#send.update(streamId, value)) this.#streams.get(streamId)?.destroy();
    },
  };

  /** Nothing in there is of use to us, but the next block builds on it. */
  async #headers({ streamId, block }: frames.SynStream, flags: number): Promise<void> {
    await this.#codec.decode(block);
    if ((flags & frames.flagFin) !== 0) this.#streams.get(streamId)?.receiveFin();
  }

  async #open({ streamId, block }: frames.SynStream, flags: number): Promise<void> {
    const headers = await this.#codec.decode(block);
    if (streamId % 2 === 0 || streamId <= this.#lastStreamId) throw new ProtocolError(`stream ${streamId} out of turn`);
    this.#lastStreamId = streamId;
    const mayOpen = !this.#closing && this.#streams.size < mostStreams && (flags & frames.flagUnidirectional) === 0;
    if (!mayOpen || !this.#options.accept(headers)) {
      return this.#wire.write(frames.rstStream(streamId, frames.rstStatus.refusedStream));
    }
    const stream = new SpdyStream(this.#door, { streamId, headers });
    this.#streams.set(streamId, stream);
    this.#send.open(streamId);
    this.#receive.open(streamId);
    // The client takes no data before the reply.
    await this.#wire.write(frames.synReply(streamId, await this.#codec.encode(new Map())));
    if ((flags & frames.flagFin) !== 0) stream.receiveFin();
    this.#options.opened(stream);
  }

  readonly #door: StreamDoor = {
    send: async (streamId, data) => {
      for (let sent = 0; sent < data.length; ) {
        const size = await this.#send.take(streamId, Math.min(data.length - sent, longestDataFrame));
        if (size === 0) throw new Error('the stream is closed');
        this.#options.moved();
        await this.#wire.write(frames.dataHeader(streamId, size, false), data.subarray(sent, sent + size));
        sent += size;
      }
    },
    sendFin: (streamId) => this.#wire.write(frames.dataHeader(streamId, 0, true)),
    taken: (streamId, bytes) => this.#taken(streamId, bytes),
    closed: (streamId, complete) => {
      if (!this.#streams.delete(streamId)) return;
      this.#send.close(streamId);
      this.#receive.close(streamId);
      if (!complete) this.#say(frames.rstStream(streamId, frames.rstStatus.cancel));
    },
  };

  #taken(streamId: number, bytes: number): void {
    this.#budget.add(-bytes);
    this.#receive.taken(streamId, bytes);
  }

  /** Small frames that nobody waits for. */
  #say(frame: Buffer): void {
    this.#wire.write(frame).catch(() => {});
  }
}
