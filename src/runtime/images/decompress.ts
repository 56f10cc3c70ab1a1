import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';

/** The plain content of a layer, whatever it is packed with: its first bytes tell (RFC 1952, RFC 8878). */
export async function* decompressed(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const iterator = packed[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const unpacker = unpackerOf(first.value);
  if (unpacker === undefined) {
    yield first.value;
    yield* rest(iterator);
    return;
  }
  // A failure of either side reaches the reader below through the stream.
  const fed = pipeline(copies(first.value, iterator), unpacker).catch(() => {});
  yield* unpacker as AsyncIterable<Buffer>;
  await fed;
}

function unpackerOf(start: Buffer) {
  if (start.length >= 2 && start.readUInt16BE(0) === 0x1f8b) return createGunzip({ chunkSize: 1 << 18 });
  if (start.length >= 4 && start.readUInt32BE(0) === 0x28b52ffd) return createZstdDecompress({ chunkSize: 1 << 18 });
  return undefined;
}

/** The decompressor keeps what it was given for a while; a source may use its buffer again. */
async function* copies(first: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from(first);
  for await (const piece of rest(iterator)) yield Buffer.from(piece);
}

async function* rest(iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (;;) {
    const next = await iterator.next();
    if (next.done) return;
    yield next.value;
  }
}
