import { ProtocolError } from './protocol-error.ts';

/** Takes what arrives in the sizes that a protocol needs. Holds one arrived piece, or what `exactly` puts together. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** At least one byte, at most `limit`; undefined at the end. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#source.next();
      if (done) return undefined;
      this.#rest = value;
    }
    const taken = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** So many bytes; undefined when the end comes before the first. Throws ProtocolError when it comes in between. */
  async exactly(size: number): Promise<Buffer | undefined> {
    const parts: Uint8Array[] = [];
    let missing = size;
    while (missing > 0) {
      const part = await this.some(missing);
      if (part === undefined) {
        if (parts.length === 0) return undefined;
        throw new ProtocolError(`the connection ended ${missing} bytes before the end of a frame`);
      }
      parts.push(part);
      missing -= part.length;
    }
    const [first = new Uint8Array(0)] = parts;
    if (parts.length === 1) return Buffer.from(first.buffer, first.byteOffset, first.length);
    return Buffer.concat(parts);
  }

  /** Reads to the end and forgets it. */
  async drain(): Promise<void> {
    this.#rest = new Uint8Array(0);
    while (!(await this.#source.next()).done);
  }
}
