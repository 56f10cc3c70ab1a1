import type { FilePart } from '../../host/read-part.ts';

/** How far a file has been read. */
export type Position = { readonly inode: number; readonly offset: number };
type ReadPart = (path: string, offset: number, length: number) => Promise<FilePart | undefined>;

const partBytes = 64 * 1024;
/** More rotations than this between two looks are not followed. */
const deepest = 9;

/**
 * What rotation took away before it was read: the rest of the file that was read so far, then all of the files between
 * it and the current one. `0.log.1` is the youngest; found again by its inode when it was renamed (Docker), or as a copy
 * that is at least as long as what was read (the process runtime).
 */
export async function* unreadParts(readPart: ReadPart, path: string, at: Position): AsyncGenerator<Uint8Array> {
  const depth = (await depthOf(readPart, path, at)) ?? 0;
  for (let number = depth; number >= 1; number--) {
    yield* partsFrom(readPart, `${path}.${number}`, number === depth ? at.offset : 0);
  }
}

async function depthOf(readPart: ReadPart, path: string, { inode, offset }: Position): Promise<number | undefined> {
  for (let number = 1; number <= deepest; number++) {
    const found = await readPart(`${path}.${number}`, 0, 0);
    if (found === undefined) break;
    if (found.inode === inode) return number;
  }
  const copy = await readPart(`${path}.1`, 0, 0);
  return copy !== undefined && copy.size >= offset ? 1 : undefined;
}

async function* partsFrom(readPart: ReadPart, path: string, from: number): AsyncGenerator<Uint8Array> {
  for (let offset = from; ; ) {
    const part = await readPart(path, offset, partBytes);
    if (part === undefined || part.data.length === 0) return;
    offset += part.data.length;
    yield part.data;
  }
}
