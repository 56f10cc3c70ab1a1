import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, messageOf, OperationError } from '../../base/errors.ts';
import { streamSource } from './byte-source.ts';
import { decompressed } from './decompress.ts';
import { parseImageConfig } from './image-config.ts';
import { unpackLayer } from './layers.ts';
import { eachDirectory } from './scratch.ts';
import { type ImageRecord, imageDirectory, type StorePaths } from './store.ts';

/** An image as it comes from an archive or a registry: layers lowest first, plain, gzip or zstd. */
export type ImageSource = {
  /** The digest that the config must have. */
  readonly id: string;
  readonly config: Buffer;
  readonly layers: readonly (() => AsyncIterable<Buffer>)[];
};

/** Whether the store has the image already. */
export async function isUnpacked(paths: StorePaths, id: string): Promise<boolean> {
  try {
    await fs.access(join(imageDirectory(paths, id), 'image.json'));
    return true;
  } catch {
    return false;
  }
}

/**
 * Unpacks an image in `scratch` and moves it to its place by one rename; does nothing when it is there. Verifies the
 * digests of config and layers; when one is wrong it throws, and the store is as before.
 */
export async function unpackImage(paths: StorePaths, scratch: string, image: ImageSource): Promise<void> {
  if (await isUnpacked(paths, image.id)) return;
  verify('the config', createHash('sha256').update(image.config).digest('hex'), image.id);
  const { diffIds } = parseImageConfig(image.config.toString());
  if (diffIds.length !== image.layers.length) {
    throw new OperationError(`image ${image.id} names ${diffIds.length} layers but comes with ${image.layers.length}`);
  }
  const building = await fs.mkdtemp(join(scratch, 'image-'));
  const rootfs = join(building, 'rootfs');
  await fs.mkdir(rootfs, { mode: 0o755 });
  let sizeBytes = 0;
  for (const [index, layer] of image.layers.entries()) {
    sizeBytes += await unpackVerified(layer(), rootfs, diffIds[index] ?? '');
  }
  await eachDirectory(rootfs, seal);
  await writeRecord(join(building, 'image.json'), { config: image.config.toString(), sizeBytes });
  await fs.chmod(building, 0o755);
  await moveIntoPlace(building, imageDirectory(paths, image.id));
  await syncDirectory(paths.images);
}

async function unpackVerified(layer: AsyncIterable<Buffer>, rootfs: string, diffId: string): Promise<number> {
  const hash = createHash('sha256');
  let size = 0;
  const hashed = async function* () {
    for await (const piece of decompressed(layer)) {
      hash.update(piece);
      size += piece.length;
      yield piece;
    }
  };
  const source = streamSource(hashed());
  try {
    await unpackLayer(source, rootfs);
    // What follows the end mark belongs to the digest too.
    await source.skip(Number.MAX_SAFE_INTEGER);
  } catch (cause) {
    throw new OperationError(`cannot unpack layer ${diffId}: ${messageOf(cause)}`, { cause });
  }
  verify('a layer', hash.digest('hex'), diffId);
  return size;
}

function verify(what: string, actualHex: string, expected: string): void {
  if (`sha256:${actualHex}` === expected) return;
  throw new OperationError(`${what} of the image has the digest sha256:${actualHex}, not ${expected} as it should`, {
    hint: 'the image is damaged: fetch or build it again',
  });
}

async function seal(directory: string): Promise<void> {
  await fs.chmod(directory, 0o555);
  await syncDirectory(directory);
}

async function writeRecord(path: string, record: ImageRecord): Promise<void> {
  const file = await fs.open(path, 'wx', 0o444);
  try {
    await file.writeFile(JSON.stringify(record));
    await file.sync();
  } finally {
    await file.close();
  }
}

async function moveIntoPlace(from: string, to: string): Promise<void> {
  try {
    await fs.rename(from, to);
  } catch (thrown) {
    // Somebody else put the same image there meanwhile.
    if (!hasCode(thrown, 'ENOTEMPTY', 'EEXIST')) throw thrown;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await fs.open(path);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
