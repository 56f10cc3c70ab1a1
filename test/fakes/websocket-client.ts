import type { Duplex } from 'node:stream';
import { until } from './until.ts';

export type SeenMessage = { readonly opcode: number; readonly payload: Buffer };

/** A WebSocket client that does as it is told, right or wrong; the server's answer to the request is in `head`. */
export class WebSocketClient {
  readonly seen: SeenMessage[] = [];
  head = '';
  readonly #socket: Duplex;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      if (this.head === '') this.#takeHead();
      else while (this.#takeFrame());
      if (this.head !== '') while (this.#takeFrame());
    });
  }

  /** One frame, masked with a key of its own. */
  send(opcode: number, payload: string | Uint8Array, fin = true): void {
    const bytes = Buffer.from(payload);
    const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
    const length = bytes.length < 126 ? Buffer.from([0x80 | bytes.length]) : this.#longLength(bytes.length);
    const masked = bytes.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    this.raw(Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode]), length, mask, masked]));
  }

  /** A message on a channel. */
  channel(channel: number, text: string | Uint8Array): void {
    this.send(2, Buffer.concat([Buffer.from([channel]), Buffer.from(text)]));
  }

  raw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** What came on a channel so far. */
  text(channel: number): string {
    return Buffer.concat(
      this.seen.flatMap(({ opcode, payload }) => (opcode === 2 && payload[0] === channel ? [payload.subarray(1)] : [])),
    ).toString();
  }

  /** Resolves with the first frame of a kind. */
  async frame(opcode: number): Promise<Buffer> {
    const find = () => this.seen.find((message) => message.opcode === opcode);
    await until(() => find() !== undefined);
    return find()?.payload ?? Buffer.alloc(0);
  }

  #longLength(length: number): Buffer {
    const bytes = Buffer.alloc(9);
    bytes.writeUInt8(0x80 | 127, 0);
    bytes.writeBigUInt64BE(BigInt(length), 1);
    return bytes;
  }

  #takeHead(): void {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return;
    this.head = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 4);
  }

  #takeFrame(): boolean {
    const short = (this.#rest[1] ?? 0) & 0x7f;
    const start = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (this.#rest.length < start) return false;
    const length =
      short === 127 ? Number(this.#rest.readBigUInt64BE(2)) : short === 126 ? this.#rest.readUInt16BE(2) : short;
    if (this.#rest.length < start + length) return false;
    const opcode = (this.#rest[0] ?? 0) & 0x0f;
    this.seen.push({ opcode, payload: Buffer.from(this.#rest.subarray(start, start + length)) });
    this.#rest = this.#rest.subarray(start + length);
    return true;
  }
}
