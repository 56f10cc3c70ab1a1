import { createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf, OperationError } from '../../base/errors.ts';
import { type ArchiveFile, dockerManifests, gunzipped, indexArchive, isGzip, ociManifests } from './archive.ts';
import { fileSource, readAll } from './byte-source.ts';
import { parseJsonObject } from './image-config.ts';
import { chooseManifest, type Descriptor, decodeManifest, type Platform } from './manifest.ts';
import { type ScratchHost, withScratch } from './scratch.ts';
import { type StoreFiles, storePaths, writeTag } from './store.ts';
import { type ImageSource, unpackImage } from './unpack.ts';

type Archive = { readonly path: string; readonly file: FileHandle; readonly files: ReadonlyMap<string, ArchiveFile> };
type ArchivedImage = ImageSource & { readonly tags: readonly string[] };

/**
 * Takes every image of a `docker save` or OCI layout archive (plain or gzip) into the store and files it under its
 * names, which it returns. Costs next to nothing for what is there already. Throws OperationError, naming the archive.
 */
export async function importArchive(
  host: ScratchHost & StoreFiles,
  at: { readonly storeDir: string; readonly platform: Platform },
  path: string,
): Promise<readonly string[]> {
  const paths = storePaths(at.storeDir);
  try {
    return await withScratch(host, paths, (scratch) =>
      withArchive(path, scratch, async (archive) => {
        const images = await imagesOf(archive, at.platform);
        for (const image of images) {
          await unpackImage(paths, scratch, image);
          for (const reference of image.tags) await writeTag(host, at.storeDir, { reference, id: image.id });
        }
        return images.flatMap((image) => image.tags);
      }),
    );
  } catch (cause) {
    throw new OperationError(`cannot import ${path}: ${messageOf(cause)}`, { cause });
  }
}

async function withArchive<T>(path: string, scratch: string, action: (archive: Archive) => Promise<T>): Promise<T> {
  const packed = await open(path);
  try {
    if (!(await isGzip(packed))) return await action({ path, file: packed, files: await indexArchive(packed) });
  } finally {
    await packed.close();
  }
  const plain = join(scratch, 'archive.tar');
  await pipeline(gunzipped(path), createWriteStream(plain, { mode: 0o600 }));
  return withArchive(plain, scratch, action);
}

async function imagesOf(archive: Archive, platform: Platform): Promise<readonly ArchivedImage[]> {
  if (archive.files.has('manifest.json')) {
    const manifests = dockerManifests(await textOf(archive, 'manifest.json'));
    return Promise.all(manifests.map((manifest) => imageOf(archive, manifest)));
  }
  if (!archive.files.has('index.json')) throw new OperationError('it holds neither manifest.json nor index.json');
  const manifests = ociManifests(await textOf(archive, 'index.json'));
  return Promise.all(
    manifests.map(async ({ digest, tags }) => {
      const image = await ociImage(archive, digest, platform);
      return imageOf(archive, { tags, config: blobPath(image.config), layers: image.layers.map(blobPath) });
    }),
  );
}

async function imageOf(
  archive: Archive,
  manifest: { readonly config: string; readonly tags: readonly string[]; readonly layers: readonly string[] },
): Promise<ArchivedImage> {
  const config = await bytesOf(archive, manifest.config);
  // `<sha256>.json` in a classic `docker save`, `blobs/sha256/<sha256>` since Docker 25 and in OCI layouts.
  const id = /([0-9a-f]{64})(\.json)?$/.exec(manifest.config)?.[1];
  if (id === undefined) throw new OperationError(`its config ${manifest.config} is not named by its digest`);
  const layers = manifest.layers.map((layer) => {
    const { offset, size } = fileOf(archive, layer);
    return () => fileSource(archive.file, offset, offset + size).chunks(size);
  });
  return { id: `sha256:${id}`, config, tags: manifest.tags, layers };
}

async function ociImage(archive: Archive, digest: string, platform: Platform, depth = 0) {
  const text = await textOf(archive, blobPath({ digest }));
  const manifest = decodeManifest(parseJsonObject(text, `manifest ${digest}`), `manifest ${digest}`);
  if (manifest.kind === 'image') return manifest;
  if (depth >= 3) throw new OperationError('its index leads to an index, again and again');
  return ociImage(archive, chooseManifest(manifest.manifests, platform, 'the archive').digest, platform, depth + 1);
}

function blobPath({ digest }: Pick<Descriptor, 'digest'>): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function fileOf(archive: Archive, name: string): ArchiveFile {
  const found = archive.files.get(name);
  if (found === undefined) throw new OperationError(`it lacks ${name}, which its manifest names`);
  return found;
}

async function bytesOf(archive: Archive, name: string): Promise<Buffer> {
  const { offset, size } = fileOf(archive, name);
  if (size > 4 << 20) throw new OperationError(`its ${name} is larger than a description of an image ever is`);
  return readAll(fileSource(archive.file, offset, offset + size).chunks(size));
}

async function textOf(archive: Archive, name: string): Promise<string> {
  return (await bytesOf(archive, name)).toString();
}
