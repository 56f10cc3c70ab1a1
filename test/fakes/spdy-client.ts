import type { Duplex } from 'node:stream';
import { HeaderCodec } from '../../src/streaming/spdy/header-codec.ts';
import { until } from './until.ts';

/** What the server sent, data joined by stream. */
export type SpdySeen = {
  readonly frames: { readonly type: number; readonly payload: Buffer }[];
  /** By stream: what came, and whether it ended. */
  readonly data: Map<number, { bytes: Buffer; fin: boolean }>;
};

/** A client of SPDY/3.1 that does as it is told, right or wrong. */
export class SpdyClient {
  readonly seen: SpdySeen = { frames: [], data: new Map() };
  readonly #socket: Duplex;
  #rest: Buffer = Buffer.alloc(0);
  readonly #codec = new HeaderCodec();

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      while (this.#take());
    });
  }

  raw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  control(type: number, payload: Uint8Array, flags = 0): void {
    const head = Buffer.alloc(8);
    head.writeUInt16BE(0x8003, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt8(flags, 4);
    head.writeUIntBE(payload.length, 5, 3);
    this.raw(Buffer.concat([head, payload]));
  }

  async open(streamId: number, headers: Readonly<Record<string, string>>, flags = 0): Promise<void> {
    const ids = Buffer.alloc(10);
    ids.writeUInt32BE(streamId, 0);
    this.control(1, Buffer.concat([ids, await this.#codec.encode(new Map(Object.entries(headers)))]), flags);
  }

  data(streamId: number, text: string | Uint8Array, fin = false): void {
    const bytes = Buffer.from(text);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(streamId, 0);
    head.writeUInt8(fin ? 1 : 0, 4);
    head.writeUIntBE(bytes.length, 5, 3);
    this.raw(Buffer.concat([head, bytes]));
  }

  /** RST_STREAM, WINDOW_UPDATE, GOAWAY: a stream and a number. */
  pair(type: number, streamId: number, value: number): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(streamId, 0);
    payload.writeUInt32BE(value, 4);
    this.control(type, payload);
  }

  text(streamId: number): string {
    return this.seen.data.get(streamId)?.bytes.toString() ?? '';
  }

  hasEnded(streamId: number): boolean {
    return this.seen.data.get(streamId)?.fin === true;
  }

  /** Resolves with the payload of the first frame of a type that this accepts. */
  async frame(type: number, accepts: (payload: Buffer) => boolean = () => true): Promise<Buffer> {
    const find = () => this.seen.frames.find((frame) => frame.type === type && accepts(frame.payload));
    await until(() => find() !== undefined);
    return find()?.payload ?? Buffer.alloc(0);
  }

  #take(): boolean {
    if (this.#rest.length < 8) return false;
    const length = this.#rest.readUIntBE(5, 3);
    if (this.#rest.length < 8 + length) return false;
    const payload = this.#rest.subarray(8, 8 + length);
    const first = this.#rest.readUInt32BE(0);
    if (first >= 0x80000000) this.seen.frames.push({ type: first & 0xffff, payload });
    else this.#note(first, payload, (this.#rest.readUInt8(4) & 1) === 1);
    this.#rest = this.#rest.subarray(8 + length);
    return true;
  }

  #note(streamId: number, payload: Buffer, isFin: boolean): void {
    const before = this.seen.data.get(streamId) ?? { bytes: Buffer.alloc(0), fin: false };
    this.seen.data.set(streamId, { bytes: Buffer.concat([before.bytes, payload]), fin: before.fin || isFin });
  }
}
