import { type FileHandle, open, realpath } from 'node:fs/promises';
import { hasCode } from '../base/errors.ts';

/** A part of a file, with what tells whether it is still the same file. */
export type FilePart = {
  readonly data: Uint8Array;
  readonly size: number;
  readonly inode: number;
  /** Where the file is, links followed. */
  readonly path?: string;
};

/** Reads at most `length` bytes from `offset` on; undefined when the file is not there. Follows symlinks. */
export async function readPart(path: string, offset: number, length: number): Promise<FilePart | undefined> {
  try {
    await using file = await open(path, 'r');
    return { ...(await partOf(file, offset, length)), path: await realpath(path) };
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return undefined;
    throw thrown;
  }
}

/** The same of an open file. */
export async function partOf(file: FileHandle, offset: number, length: number): Promise<FilePart> {
  const { size, ino } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(length, Math.max(0, size - offset))), {
    position: offset,
  });
  return { data: buffer.subarray(0, bytesRead), size, inode: Number(ino) };
}
