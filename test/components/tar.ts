import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';

export type TarEntry = { readonly path: string; readonly mode: number } & (
  | { readonly type: 'directory' }
  | { readonly type: 'symlink'; readonly target: string }
  | { readonly type: 'file'; readonly content: Buffer; readonly capability?: Buffer }
  | { readonly type: 'copy'; readonly source: string; readonly size: number; readonly capability?: Buffer }
);

export type Written = { readonly size: number; readonly sha256: string };

const blockSize = 512;
const chunkSize = 4 * 1024 * 1024;

/** Writes a tar that depends on nothing but its entries: sorted, owned by root, all times zero. */
export async function writeTar(entries: readonly TarEntry[], destination: string): Promise<Written> {
  const handle = await open(destination, 'w');
  const hash = createHash('sha256');
  let size = 0;
  const put = async (bytes: Buffer): Promise<void> => {
    hash.update(bytes);
    size += bytes.length;
    await handle.write(bytes);
  };
  try {
    for (const entry of withParents(entries)) await putEntry(entry, put);
    await put(Buffer.alloc(2 * blockSize));
  } finally {
    await handle.close();
  }
  return { size, sha256: hash.digest('hex') };
}

/** Adds the directories above each entry, and sorts so that each comes before what is in it. */
function withParents(entries: readonly TarEntry[]): TarEntry[] {
  const byPath = new Map<string, TarEntry>();
  for (const entry of entries) {
    for (let parent = dirname(entry.path); parent !== '.'; parent = dirname(parent)) {
      if (!byPath.has(parent)) byPath.set(parent, { type: 'directory', path: parent, mode: 0o755 });
    }
    byPath.set(entry.path, entry);
  }
  return [...byPath.values()].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

async function putEntry(entry: TarEntry, put: (bytes: Buffer) => Promise<void>): Promise<void> {
  if ('capability' in entry && entry.capability) {
    const record = paxRecord('SCHILY.xattr.security.capability', entry.capability);
    await put(header({ path: 'PaxHeader', mode: 0o644, size: record.length, flag: 'x' }));
    await put(padded(record));
  }
  if (entry.type === 'directory') return put(header({ ...entry, path: `${entry.path}/`, size: 0, flag: '5' }));
  if (entry.type === 'symlink') return put(header({ ...entry, size: 0, flag: '2', link: entry.target }));
  if (entry.type === 'file') {
    await put(header({ ...entry, size: entry.content.length, flag: '0' }));
    return put(padded(entry.content));
  }
  await put(header({ ...entry, flag: '0' }));
  await putCopy(entry.source, entry.size, put);
}

async function putCopy(source: string, size: number, put: (bytes: Buffer) => Promise<void>): Promise<void> {
  const handle: FileHandle = await open(source, 'r');
  const chunk = Buffer.alloc(chunkSize);
  try {
    let copied = 0;
    while (copied < size) {
      const { bytesRead } = await handle.read(chunk, 0, Math.min(chunkSize, size - copied));
      if (bytesRead === 0) throw new Error(`${source} became shorter while it was read`);
      copied += bytesRead;
      await put(chunk.subarray(0, bytesRead));
    }
    await put(padded(Buffer.alloc(0), size));
  } finally {
    await handle.close();
  }
}

type Header = { path: string; mode: number; size: number; flag: string; link?: string };

/** POSIX.1-1988 ustar; names longer than its 100 bytes do not occur here and are refused. */
function header({ path, mode, size, flag, link = '' }: Header): Buffer {
  for (const name of [path, link]) {
    if (Buffer.byteLength(name) > 100) throw new Error(`name too long for a tar header: ${name}`);
  }
  const block = Buffer.alloc(blockSize);
  block.write(path, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8) + octal(0, 8), 108);
  block.write(octal(size, 12) + octal(0, 12), 124);
  block.write(' '.repeat(8), 148);
  block.write(flag, 156);
  block.write(link, 157);
  block.write('ustar\x0000', 257);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

function padded(content: Buffer, size = content.length): Buffer {
  const rest = (blockSize - (size % blockSize)) % blockSize;
  return Buffer.concat([content, Buffer.alloc(rest)]);
}

/** A pax record begins with its own length in decimal, counted with the digits of that length. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
