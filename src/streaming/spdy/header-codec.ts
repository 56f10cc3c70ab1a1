import type { Transform } from 'node:stream';
import { constants, createDeflate, createInflate } from 'node:zlib';
import { ProtocolError } from '../protocol-error.ts';
import { spdyDictionary } from './dictionary.ts';

/** Names in lower case. */
export type SpdyHeaders = ReadonlyMap<string, string>;

/** More than any client of a kubelet sends, by far. */
const longestBlock = 64 * 1024;
const mostHeaders = 100;

/**
 * The header blocks of one connection: one zlib stream for each direction, with the dictionary of SPDY/3, flushed after
 * each block. Blocks must be given in the order of their frames.
 */
export class HeaderCodec {
  readonly #inflate = createInflate({ dictionary: spdyDictionary(), flush: constants.Z_SYNC_FLUSH });
  readonly #deflate = createDeflate({ dictionary: spdyDictionary(), flush: constants.Z_SYNC_FLUSH });

  constructor() {
    // What fails is told to who waits for it.
    for (const stream of [this.#inflate, this.#deflate]) stream.on('error', () => {});
  }

  /** Throws ProtocolError when the block is damaged or too long; no other block can be decoded after that. */
  async decode(block: Uint8Array): Promise<SpdyHeaders> {
    return parseBlock(await passThrough(this.#inflate, block));
  }

  encode(headers: SpdyHeaders): Promise<Buffer> {
    return passThrough(this.#deflate, printBlock(headers));
  }

  close(): void {
    this.#inflate.destroy();
    this.#deflate.destroy();
  }
}

function passThrough(stream: Transform, input: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const keep = (part: Buffer) => {
      size += part.length;
      if (size > longestBlock) stream.destroy(new Error(`a header block is longer than ${longestBlock} bytes`));
      else parts.push(part);
    };
    const settle = (failed?: Error | null) => {
      stream.off('data', keep).off('error', settle).off('close', closed);
      const thrown = failed ?? stream.errored;
      if (thrown) reject(new ProtocolError(`cannot decode a header block: ${thrown.message}`));
      else resolve(Buffer.concat(parts));
    };
    const closed = () => settle(new Error('closed'));
    stream.on('data', keep).on('error', settle).on('close', closed);
    // Called when all that the input gives has been handed out.
    stream.write(input, settle);
  });
}

function printBlock(headers: SpdyHeaders): Buffer {
  const texts = [...headers].flatMap(([name, value]) => [lengthPrefixed(name), lengthPrefixed(value)]);
  return Buffer.concat([uint32(headers.size), ...texts]);
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function parseBlock(block: Buffer): SpdyHeaders {
  const cursor = new Cursor(block);
  const count = cursor.number();
  if (count > mostHeaders) throw new ProtocolError(`${count} headers, more than ${mostHeaders}`);
  const headers = new Map<string, string>();
  for (let index = 0; index < count; index++) {
    const name = cursor.text().toLowerCase();
    // Several values of a name are joined by zero bytes; the first is what http.Header.Get of Go gives.
    const [value = ''] = cursor.text().split('\0');
    if (headers.has(name)) throw new ProtocolError(`header ${name} comes twice`);
    headers.set(name, value);
  }
  return headers;
}

class Cursor {
  readonly #block: Buffer;
  #at = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  number(): number {
    if (this.#at + 4 > this.#block.length) throw new ProtocolError('a header block ends too early');
    this.#at += 4;
    return this.#block.readUInt32BE(this.#at - 4);
  }

  text(): string {
    const length = this.number();
    if (this.#at + length > this.#block.length) throw new ProtocolError('a header block ends too early');
    this.#at += length;
    return this.#block.toString('latin1', this.#at - length, this.#at);
  }
}
