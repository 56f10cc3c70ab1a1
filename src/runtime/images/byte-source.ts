import type { FileHandle } from 'node:fs/promises';

/** Bytes read from front to back; the two forms below let one tar reader serve archives on disk and streams. */
export interface ByteSource {
  /** How many bytes have been read or skipped. */
  readonly position: number;
  /** Exactly `count` bytes; fewer only at the end. For small reads. */
  take(count: number): Promise<Buffer>;
  skip(count: number): Promise<void>;
  /** The next `count` bytes in pieces; ends early when the source does. Each piece is valid until the next is asked for. */
  chunks(count: number): AsyncIterable<Buffer>;
}

const chunkBytes = 1 << 20;

/** A part of an open file, read where it is needed: skipping costs nothing. */
export function fileSource(file: FileHandle, start = 0, end = Number.POSITIVE_INFINITY): ByteSource {
  let offset = start;
  const read = async (buffer: Buffer) => {
    const wanted = Math.min(buffer.length, end - offset);
    const { bytesRead } = wanted > 0 ? await file.read(buffer, 0, wanted, offset) : { bytesRead: 0 };
    offset += bytesRead;
    return buffer.subarray(0, bytesRead);
  };
  const chunks = async function* (count: number) {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, count));
    for (let rest = count; rest > 0; ) {
      const piece = await read(buffer.subarray(0, Math.min(buffer.length, rest)));
      if (piece.length === 0) return;
      rest -= piece.length;
      yield piece;
    }
  };
  return {
    get position() {
      return offset - start;
    },
    take: (count) => readAll(chunks(count)),
    skip: async (count) => {
      offset += count;
    },
    chunks,
  };
}

/** A stream, such as a layer that is being decompressed. */
export function streamSource(stream: AsyncIterable<Buffer>): ByteSource {
  const iterator = stream[Symbol.asyncIterator]();
  let current: Buffer = Buffer.alloc(0);
  let position = 0;
  const next = async (atMost: number): Promise<Buffer | undefined> => {
    while (current.length === 0) {
      const { value, done } = await iterator.next();
      if (done) return undefined;
      current = value;
    }
    const piece = current.subarray(0, atMost);
    current = current.subarray(piece.length);
    position += piece.length;
    return piece;
  };
  const chunks = async function* (count: number) {
    for (let rest = count; rest > 0; ) {
      const piece = await next(rest);
      if (piece === undefined) return;
      rest -= piece.length;
      yield piece;
    }
  };
  return {
    get position() {
      return position;
    },
    take: (count) => readAll(chunks(count)),
    skip: async (count) => {
      for await (const _piece of chunks(count)) void _piece;
    },
    chunks,
  };
}

/** All pieces in one; for what is known to be small. */
export async function readAll(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of chunks) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
