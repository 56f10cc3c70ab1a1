import { constants, watch } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode } from '../base/errors.ts';
import type { FileInfo, HostFiles, WriteOptions } from './host.ts';
import { readPart } from './read-part.ts';

let temporaryCount = 0;

/** The file system by node:fs. */
export const nodeFiles: HostFiles = {
  readFile: (path) => absentAsUndefined(fs.readFile(path)),
  readText: (path) => absentAsUndefined(fs.readFile(path, 'utf8')),
  readPart,
  writeFile,
  writeStream: writeFile,
  createFile,
  makeDirectory,
  makeSymlink: (target, path) => fs.symlink(target, path),
  readLink: (path) => absentAsUndefined(fs.readlink(path), 'EINVAL'),
  realPath: (path) => absentAsUndefined(fs.realpath(path)),
  rename: async (from, to) => {
    await fs.rename(from, to);
    await syncDirectory(dirname(to));
  },
  remove,
  setMode: (path, mode) => fs.chmod(path, mode),
  setOwner: (path, uid, gid) => fs.chown(path, uid, gid),
  stat: async (path, options) => {
    const stats = await absentAsUndefined(options?.followLinks === false ? fs.lstat(path) : fs.stat(path));
    return stats && infoOf(stats);
  },
  list: async (path) => (await absentAsUndefined(fs.readdir(path)))?.sort(),
  watch: (path, onChange, onError) => {
    const watcher = watch(path, { persistent: false }, (event, name) => onChange(name ?? undefined, event));
    watcher.on('error', onError);
    return () => watcher.close();
  },
  freeBytes: async (path) => {
    const stats = await fs.statfs(path);
    return stats.bavail * stats.bsize;
  },
  diskBytes: async (path) => {
    const stats = await fs.statfs(path);
    return stats.blocks * stats.bsize;
  },
};

async function absentAsUndefined<T>(result: Promise<T>, ...further: readonly string[]): Promise<T | undefined> {
  try {
    return await result;
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT', 'ENOTDIR', ...further)) return undefined;
    throw thrown;
  }
}

type Data = string | Uint8Array | AsyncIterable<Uint8Array>;

async function writeFile(path: string, data: Data, options: WriteOptions = {}): Promise<void> {
  temporaryCount += 1;
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${temporaryCount}.tmp`);
  try {
    await writeNew(temporary, data, options);
    await fs.rename(temporary, path);
  } catch (thrown) {
    await fs.rm(temporary, { force: true });
    throw thrown;
  }
  if (options.lasting !== false) await syncDirectory(dirname(path));
}

async function createFile(path: string, data: string | Uint8Array, options: WriteOptions = {}): Promise<boolean> {
  temporaryCount += 1;
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${temporaryCount}.tmp`);
  try {
    await writeNew(temporary, data, options);
    await fs.link(temporary, path);
    return true;
  } catch (thrown) {
    if (hasCode(thrown, 'EEXIST')) return false;
    throw thrown;
  } finally {
    await fs.rm(temporary, { force: true });
  }
}

async function writeNew(path: string, data: Data, options: WriteOptions): Promise<void> {
  const mode = options.mode ?? 0o644;
  const file = await fs.open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, mode);
  try {
    // The umask may have taken bits away; owner before mode, since chown clears set-id bits.
    if (options.uid !== undefined && options.gid !== undefined) await file.chown(options.uid, options.gid);
    await file.chmod(mode);
    await file.writeFile(data);
    if (options.lasting !== false) await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a directory outlive a power cut, where the file system can. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await fs.open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } catch (thrown) {
    // Some file systems cannot sync a directory (EINVAL); the rename has happened all the same.
    if (!hasCode(thrown, 'EINVAL', 'ENOTSUP')) throw thrown;
  } finally {
    await directory.close();
  }
}

async function makeDirectory(path: string, options: WriteOptions = {}): Promise<void> {
  const mode = options.mode ?? 0o755;
  const first = await fs.mkdir(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await fs.chmod(made, mode);
    if (options.uid !== undefined && options.gid !== undefined) await fs.chown(made, options.uid, options.gid);
    if (made === first || made === dirname(made)) return;
  }
}

async function remove(path: string, options: { readonly recursive?: boolean } = {}): Promise<void> {
  if (options.recursive) return fs.rm(path, { recursive: true, force: true });
  try {
    await fs.unlink(path);
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return;
    // Linux answers EISDIR to an unlink of a directory (unlink(2)).
    if (!hasCode(thrown, 'EISDIR', 'EPERM')) throw thrown;
    await fs.rmdir(path);
  }
}

function infoOf(stats: Awaited<ReturnType<typeof fs.stat>>): FileInfo {
  return {
    kind: kindOf(stats),
    size: Number(stats.size),
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    modifiedAtMs: Number(stats.mtimeMs),
    changedAtMs: Number(stats.ctimeMs),
    inode: Number(stats.ino),
    device: Number(stats.dev),
  };
}

function kindOf(stats: Awaited<ReturnType<typeof fs.stat>>): FileInfo['kind'] {
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isSocket()) return 'socket';
  if (stats.isCharacterDevice()) return 'char-device';
  if (stats.isBlockDevice()) return 'block-device';
  return stats.isFIFO() ? 'fifo' : 'file';
}
