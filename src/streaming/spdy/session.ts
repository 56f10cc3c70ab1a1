import { ByteReader } from '../byte-reader.ts';
import { ProtocolError } from '../protocol-error.ts';
import type { Wire } from '../wire.ts';
import * as frames from './frames.ts';
import { HeaderCodec, type SpdyHeaders } from './header-codec.ts';
import { OwnStreams } from './own-streams.ts';
import type { SpdyStream } from './stream.ts';
import { longestDataFrame, StreamTable } from './stream-table.ts';

export type SpdyOptions = {
  /** The side that this end is; the server when not given. Only clients open streams here. */
  readonly role?: 'client' | 'server';
  /** Whether the client may open a stream with these headers. */
  readonly accept: (headers: SpdyHeaders) => boolean;
  /** A stream that the client knows to be accepted. */
  readonly opened: (stream: SpdyStream) => void;
  /** Something came or went, other than a PING. */
  readonly moved: () => void;
};

/** Control frames of Kubernetes have some 100 bytes. */
const longestControlFrame = 64 * 1024;
const mostStreams = 2000;

/** One side of a SPDY/3.1 connection. */
export class SpdySession {
  readonly #wire: Wire;
  readonly #options: SpdyOptions;
  readonly #reader: ByteReader;
  readonly #codec = new HeaderCodec();
  readonly #streams: StreamTable;
  /** What the numbers of our pings and streams leave when halved (draft 3.1, 2.3.2 and 2.6.5). */
  readonly #ownParity: 0 | 1;
  readonly #own: OwnStreams;
  #lastPeerStreamId = 0;
  #pings: number;
  #closing = false;

  constructor(wire: Wire, options: SpdyOptions) {
    this.#wire = wire;
    this.#options = options;
    this.#ownParity = this.#isClient ? 1 : 0;
    this.#pings = this.#ownParity;
    this.#reader = new ByteReader(wire.input);
    this.#streams = new StreamTable({
      wire,
      moved: options.moved,
      say: (frame) => this.#say(frame),
      // Kubernetes' servers keep no windows, and close once they have said all: a frame that meets the closed socket
      // would make the kernel drop what of that is still to be read (RFC 1122, 4.2.2.13).
      tellsWindows: !this.#isClient,
    });
    this.#own = new OwnStreams(this.#streams, (stream) => this.#synStream(stream));
  }

  /** Runs until the peer is gone or broke the protocol. Never rejects; all streams are over then. */
  async run(): Promise<void> {
    try {
      while (await this.#frame());
    } catch (thrown) {
      this.#sayGoodbye(thrown instanceof ProtocolError ? frames.goAwayStatus.protocolError : frames.goAwayStatus.ok);
    }
    this.#closing = true;
    for (const stream of this.#streams.closeAll()) this.#isClient ? stream.resetUnlessEnded() : stream.reset();
    this.#codec.close();
    // Read on, so that the end of the connection is seen.
    void this.#reader.drain();
  }

  /** Opens a stream, as the client; resolves when the server has taken it, throws when it does not. */
  open(headers: SpdyHeaders): Promise<SpdyStream> {
    return this.#own.open(headers);
  }

  /** GOAWAY after all that was written; `run` goes on until the peer closes. */
  close(): void {
    this.#sayGoodbye(frames.goAwayStatus.ok);
    this.#wire.end();
  }

  /** Lets the network find out whether the peer is there. */
  ping(): void {
    this.#pings += 2;
    this.#say(frames.ping(this.#pings));
  }

  get #isClient(): boolean {
    return this.#options.role === 'client';
  }

  #sayGoodbye(status: number): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#say(frames.goAway(this.#lastPeerStreamId, status));
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
    if (!this.#wasOpened(header.streamId)) {
      await this.#wire.write(frames.rstStream(header.streamId, frames.rstStatus.invalidStream));
    }
    for (let missing = header.length; missing > 0; ) {
      const piece = await this.#reader.some(Math.min(missing, longestDataFrame));
      if (piece === undefined) return false;
      missing -= piece.length;
      await this.#streams.receive(header.streamId, piece);
    }
    if (header.fin) this.#streams.get(header.streamId)?.receiveFin();
    return true;
  }

  #wasOpened(streamId: number): boolean {
    if (streamId === 0) return false;
    return streamId <= (streamId % 2 === this.#ownParity ? this.#own.lastStreamId : this.#lastPeerStreamId);
  }

  /** What each type of frame does. GOAWAY only says that no stream will be opened; other types are left alone (2.2.1). */
  readonly #handlers: Readonly<Record<number, (payload: Buffer, flags: number) => Promise<void> | void>> = {
    [frames.frameTypes.synStream]: (payload, flags) => this.#opened(frames.decodeSynStream(payload), flags),
    [frames.frameTypes.synReply]: async (payload, flags) => {
      const reply = frames.decodeHeadersFrame(payload);
      await this.#headers(reply, flags);
      this.#own.answered(reply.streamId);
    },
    [frames.frameTypes.headers]: (payload, flags) => this.#headers(frames.decodeHeadersFrame(payload), flags),
    [frames.frameTypes.rstStream]: (payload) => this.#reset(frames.decodePair(payload).streamId),
    [frames.frameTypes.settings]: (payload) => {
      const bytes = frames.decodeInitialWindow(payload);
      if (bytes !== undefined) this.#streams.setInitialWindow(bytes);
    },
    [frames.frameTypes.ping]: async (payload) => {
      const id = frames.decodePing(payload);
      // One of our own numbers answers ours.
      if (id % 2 !== this.#ownParity) await this.#wire.write(frames.ping(id));
    },
    [frames.frameTypes.windowUpdate]: (payload) => {
      const { streamId, value } = frames.decodePair(payload);
      this.#streams.updateWindow(streamId, value);
    },
  };

  #reset(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (this.#isClient && !this.#own.isUnanswered(streamId)) stream?.endByReset();
    else stream?.reset();
  }

  /** Nothing in there is of use to us, but the next block builds on it. */
  async #headers({ streamId, block }: frames.SynStream, flags: number): Promise<void> {
    await this.#codec.decode(block);
    if ((flags & frames.flagFin) !== 0) this.#streams.get(streamId)?.receiveFin();
  }

  async #opened({ streamId, block }: frames.SynStream, flags: number): Promise<void> {
    const headers = await this.#codec.decode(block);
    const isOutOfTurn = streamId % 2 === this.#ownParity || streamId <= this.#lastPeerStreamId;
    if (isOutOfTurn) throw new ProtocolError(`stream ${streamId} out of turn`);
    this.#lastPeerStreamId = streamId;
    const mayOpen = !this.#closing && this.#streams.size < mostStreams && (flags & frames.flagUnidirectional) === 0;
    if (!mayOpen || !this.#options.accept(headers)) {
      return this.#wire.write(frames.rstStream(streamId, frames.rstStatus.refusedStream));
    }
    const stream = this.#streams.add(streamId, headers);
    // The client takes no data before the reply.
    await this.#wire.write(frames.synReply(streamId, await this.#codec.encode(new Map())));
    if ((flags & frames.flagFin) !== 0) stream.receiveFin();
    this.#options.opened(stream);
  }

  async #synStream({ streamId, headers }: SpdyStream): Promise<void> {
    if (this.#closing) throw new Error('the connection is closed');
    await this.#wire.write(frames.synStream(streamId, await this.#codec.encode(headers)));
  }

  /** Small frames that nobody waits for. */
  #say(frame: Buffer): void {
    this.#wire.write(frame).catch(() => {});
  }
}
