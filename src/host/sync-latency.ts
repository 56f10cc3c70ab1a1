import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A file without a name (Linux, asm-generic/fcntl.h): nothing is left of it, however we end. Node does not name it. */
const unnamed = 0o20200000;
const entryBytes = 2300;
const entries = 100;
/** Fewer say nothing of a disk that others use meanwhile. */
export const few = 5;

/**
 * How long, in milliseconds each, small writes take until they are on the disk of this directory: as etcd appends to its
 * log, into space that is there already (etcd's own recipe: fio --fdatasync=1 --bs=2300). Ends after `withinMs`, on a slow
 * disk once it has seen `few`, and after five times as long however few it has seen. Throws where no file can be made.
 */
export async function syncLatencies(directory: string, withinMs: number): Promise<readonly number[]> {
  const file = await openScratch(directory);
  try {
    const entry = Buffer.alloc(entryBytes);
    await file.write(Buffer.alloc(entryBytes * entries));
    await file.datasync();
    const latencies: number[] = [];
    const since = performance.now();
    const goesOn = (tookMs: number) => tookMs < (latencies.length < few ? 5 * withinMs : withinMs);
    while (latencies.length < entries && goesOn(performance.now() - since)) {
      const begun = performance.now();
      await file.write(entry, 0, entryBytes, latencies.length * entryBytes);
      await file.datasync();
      latencies.push(performance.now() - begun);
    }
    return latencies;
  } finally {
    await file.close();
  }
}

/** Not every file system has files without a name. */
async function openScratch(directory: string): Promise<FileHandle> {
  try {
    return await open(directory, unnamed | constants.O_RDWR, 0o600);
  } catch {
    const path = join(directory, `.sync-${randomBytes(6).toString('hex')}`);
    const file = await open(path, 'wx+', 0o600);
    await rm(path, { force: true });
    return file;
  }
}
