import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { hasCode } from '../base/errors.ts';
import { type FilePart, partOf, readPart } from './read-part.ts';

export type HeldFile = {
  /** As `readPart`; of the held path also when it is gone: then of the file that was there last. */
  readPart(path: string, offset: number, length: number): Promise<FilePart | undefined>;
  close(): Promise<void>;
};

type Held = { readonly file: FileHandle; readonly inode: number; readonly path: string };

/** Reads a file from its first read on, though it may be removed before it was read to its end. To be closed. */
export function holdFile(path: string): HeldFile {
  let held: Held | undefined;
  const hold = async () => {
    const inode = await inodeOf(path);
    if (inode === undefined || inode === held?.inode) return held;
    const next = await openFile(path);
    if (next === undefined) return held;
    await held?.file.close();
    held = next;
    return held;
  };
  return {
    readPart: async (asked, offset, length) => {
      if (asked !== path) return readPart(asked, offset, length);
      const found = await hold();
      return found && { ...(await partOf(found.file, offset, length)), path: found.path };
    },
    close: async () => {
      await held?.file.close();
      held = undefined;
    },
  };
}

async function openFile(path: string): Promise<Held | undefined> {
  const file = await absentAsUndefined(open(path, 'r'));
  if (file === undefined) return undefined;
  try {
    return { file, inode: (await file.stat()).ino, path: (await absentAsUndefined(realpath(path))) ?? path };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

async function inodeOf(path: string): Promise<number | undefined> {
  return (await absentAsUndefined(stat(path)))?.ino;
}

async function absentAsUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return undefined;
    throw thrown;
  }
}
