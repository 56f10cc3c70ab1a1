import { OperationError } from '../../base/errors.ts';
import type { ByteSource } from './byte-source.ts';
import { decodePaxRecords, decodeTarHeader, type TarHeader, tarBlock } from './tar-header.ts';

/** One entry, its long name resolved. `offset` is where its content begins in the source. */
export type TarEntry = TarHeader & {
  readonly offset: number;
  /** The content; what is not read is skipped. Throws when the archive ends before it does. */
  content(): AsyncIterable<Buffer>;
};

const extensionLimit = 1 << 20;

/** The entries of a tar archive in order; throws OperationError on anything that is not a whole archive. */
export async function* readTar(source: ByteSource): AsyncGenerator<TarEntry> {
  let longName: LongName = {};
  for (;;) {
    const block = await source.take(tarBlock);
    // Two blocks of zeros end an archive; some writers leave them out.
    if (block.length === 0) return;
    if (block.length < tarBlock) throw cutOff();
    const header = decodeTarHeader(block);
    if (header === undefined) return;
    if (header.type === 'extension') {
      longName = { ...longName, ...(await readExtension(source, header)) };
      continue;
    }
    const entry = resolved(header, longName);
    longName = {};
    const end = source.position + padded(entry.size);
    yield { ...entry, offset: source.position, content: () => contentOf(source, entry.size) };
    await source.skip(end - source.position);
  }
}

function resolved(header: TarHeader, longName: LongName): TarHeader {
  const path = longName.path ?? header.path;
  const isDirectory = header.type === 'file' && path.endsWith('/');
  return {
    ...header,
    ...longName,
    type: isDirectory ? 'directory' : header.type,
    // Only files have content, whatever an extended header says.
    size: header.type === 'file' ? (longName.size ?? header.size) : 0,
  };
}

type LongName = { readonly path?: string; readonly linkPath?: string; readonly size?: number };

async function readExtension(source: ByteSource, header: TarHeader): Promise<LongName> {
  if (header.size > extensionLimit) throw new OperationError('tar archive with an extended header of more than 1 MiB');
  const data = (await source.take(padded(header.size))).subarray(0, header.size);
  if (data.length < header.size) throw cutOff();
  const name = data.toString('utf8').replace(/\0.*$/s, '');
  if (header.typeFlag === 'L') return { path: name };
  if (header.typeFlag === 'K') return { linkPath: name };
  const records = decodePaxRecords(data);
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.'))) {
    throw new OperationError('tar archive with sparse files, which are not supported');
  }
  // A global header holds comments and times only, in every image seen.
  if (header.typeFlag === 'g') return {};
  const [path, linkPath, size] = ['path', 'linkpath', 'size'].map((key) => records.get(key));
  if (size !== undefined && !/^\d{1,15}$/.test(size)) throw new OperationError('tar entry of an impossible size');
  return {
    ...(path === undefined ? {} : { path }),
    ...(linkPath === undefined ? {} : { linkPath }),
    ...(size === undefined ? {} : { size: Number(size) }),
  };
}

async function* contentOf(source: ByteSource, size: number): AsyncGenerator<Buffer> {
  let rest = size;
  for await (const piece of source.chunks(size)) {
    rest -= piece.length;
    yield piece;
  }
  if (rest > 0) throw cutOff();
}

function padded(size: number): number {
  return Math.ceil(size / tarBlock) * tarBlock;
}

function cutOff(): OperationError {
  return new OperationError('the tar archive ends in the middle of an entry');
}
