import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { hasCode, OperationError } from '../../base/errors.ts';
import type { ByteSource } from './byte-source.ts';
import { cleanPath, confinedLink, Rootfs } from './rootfs.ts';
import { readTar, type TarEntry } from './tar.ts';

const whiteout = '.wh.';
const opaque = '.wh..wh..opq';

/**
 * Unpacks one layer over those below (OCI image-spec layer.md): whiteouts remove, devices are left out, owners and
 * set-id bits are not taken, nothing is ever written outside `directory` whatever the archive says. Every file is on
 * disk when it resolves.
 */
export async function unpackLayer(source: ByteSource, directory: string): Promise<void> {
  const layer: Layer = { rootfs: new Rootfs(directory), made: new Set(), syncs: new Set(), failures: [] };
  try {
    for await (const entry of readTar(source)) await unpackEntry(layer, entry);
  } finally {
    await Promise.all(layer.syncs);
  }
  if (layer.failures.length > 0) throw layer.failures[0];
}

type Layer = {
  readonly rootfs: Rootfs;
  /** Paths of the inside that this layer made: its whiteouts do not concern them. */
  readonly made: Set<string>;
  /** Files still on their way to the disk; none of these promises rejects. */
  readonly syncs: Set<Promise<void>>;
  readonly failures: unknown[];
};

const maxSyncs = 16;

async function unpackEntry(layer: Layer, entry: TarEntry): Promise<void> {
  if (cleanPath(entry.path) === '/' || entry.type === 'device') return;
  const name = posix.basename(cleanPath(entry.path));
  const { inside, outside } = await layer.rootfs.locate(entry.path);
  if (name === opaque) return emptyDirectory(layer, dirname(outside), posix.dirname(inside));
  if (name.startsWith(whiteout)) return removeLower(layer, { name: name.slice(whiteout.length), inside, outside });
  layer.made.add(inside);
  if (entry.type === 'directory' && (await isDirectory(outside))) return;
  await clear(layer, outside);
  if (entry.type === 'directory') return fs.mkdir(outside, { mode: 0o755 });
  if (entry.type === 'symlink') return fs.symlink(confinedLink(inside, entry.linkPath), outside);
  if (entry.type === 'hardlink') return hardLink(layer, entry, outside);
  await writeFile(layer, entry, outside);
}

async function writeFile(layer: Layer, entry: TarEntry, outside: string): Promise<void> {
  // Readable for the one who unpacked it, executable as it says, never writable.
  const mode = (entry.mode & 0o555) | 0o400;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await fs.open(outside, flags, mode);
  try {
    for await (const piece of entry.content()) await writeWhole(file, piece);
    await file.chmod(mode);
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
  await syncLater(layer, file);
}

async function writeWhole(file: fs.FileHandle, piece: Buffer): Promise<void> {
  for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten;
}

/** The disk writes while the next entries are read; a bounded number of files stays open for that. */
async function syncLater(layer: Layer, file: fs.FileHandle): Promise<void> {
  const sync = file
    .sync()
    .finally(() => file.close())
    .catch((thrown: unknown) => void layer.failures.push(thrown))
    .then(() => void layer.syncs.delete(sync));
  layer.syncs.add(sync);
  if (layer.syncs.size >= maxSyncs) await Promise.race(layer.syncs);
}

async function hardLink(layer: Layer, entry: TarEntry, outside: string): Promise<void> {
  const target = await layer.rootfs.locate(entry.linkPath);
  const stats = await absent(fs.lstat(target.outside));
  if (stats === undefined || !(stats.isFile() || stats.isSymbolicLink())) {
    throw new OperationError(`${entry.path} in the image is a link to ${entry.linkPath}, which is no file of it`);
  }
  await fs.link(target.outside, outside);
}

async function removeLower(layer: Layer, at: { name: string; inside: string; outside: string }): Promise<void> {
  if (['', '.', '..'].includes(at.name)) throw new OperationError(`the image has the whiteout "${whiteout}${at.name}"`);
  const inside = posix.join(posix.dirname(at.inside), at.name);
  if (!layer.made.has(inside)) await clear(layer, join(dirname(at.outside), at.name));
}

/** Removes what other layers put there, at every depth. */
async function emptyDirectory(layer: Layer, outside: string, inside: string): Promise<void> {
  for (const name of await fs.readdir(outside)) {
    const path = posix.join(inside, name);
    const holdsOurs = [...layer.made].some((made) => made.startsWith(`${path}/`));
    if (holdsOurs) await emptyDirectory(layer, join(outside, name), path);
    else if (!layer.made.has(path)) await clear(layer, join(outside, name));
  }
}

async function clear(layer: Layer, outside: string): Promise<void> {
  const stats = await absent(fs.lstat(outside));
  if (stats === undefined) return;
  await fs.rm(outside, { recursive: true, force: true });
  if (!stats.isFile()) layer.rootfs.forget();
}

async function isDirectory(path: string): Promise<boolean> {
  return (await absent(fs.lstat(path)))?.isDirectory() ?? false;
}

async function absent<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return undefined;
    throw thrown;
  }
}
