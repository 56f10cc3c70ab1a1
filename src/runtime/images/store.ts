import { join } from 'node:path';
import { sha256Hex } from '../../base/hash.ts';
import type { HostFiles } from '../../host/host.ts';
import type { ImageInfo } from '../runtime.ts';
import { type ImageConfig, parseImageConfig } from './image-config.ts';
import { canonicalReference, isDigest, parseReference } from './reference.ts';

export type StoreFiles = Pick<HostFiles, 'readText' | 'writeFile' | 'makeDirectory' | 'list' | 'remove'>;

/** An image that lies unpacked in the store. */
export type StoredImage = {
  /** The digest of its config, `sha256:…`. */
  readonly id: string;
  readonly config: ImageConfig;
  readonly sizeBytes: number;
  /** The unpacked root file system. */
  readonly rootfs: string;
};

/**
 * Where unpacked images lie: `images/<config's sha256>/{image.json,rootfs}`, `tags/<sha256 of the name>.json`, `tmp/`.
 * An image appears by one rename, so it is there whole or not at all, whoever else writes at the same time.
 */
export type StorePaths = { readonly images: string; readonly tags: string; readonly temporary: string };

export function storePaths(storeDir: string): StorePaths {
  return { images: join(storeDir, 'images'), tags: join(storeDir, 'tags'), temporary: join(storeDir, 'tmp') };
}

/** The directory of an image in the store, by its id. */
export function imageDirectory(paths: StorePaths, id: string): string {
  return join(paths.images, id.replace('sha256:', ''));
}

/** The image under an id or a name; undefined when it is not there. */
export async function findStored(
  files: StoreFiles,
  storeDir: string,
  reference: string,
): Promise<StoredImage | undefined> {
  const paths = storePaths(storeDir);
  const id = isDigest(reference) ? reference : (await readTag(files, paths, reference))?.id;
  return id === undefined ? undefined : readImage(files, paths, id);
}

/** Every image with its names. */
export async function listStored(files: StoreFiles, storeDir: string): Promise<readonly ImageInfo[]> {
  const paths = storePaths(storeDir);
  const tags = await allTags(files, paths);
  const ids = ((await files.list(paths.images)) ?? []).map((name) => `sha256:${name}`).filter(isDigest);
  const images = await Promise.all(ids.map((id) => readImage(files, paths, id)));
  return images.filter((image) => image !== undefined).map((image) => infoOf(image, tags));
}

/** One stored image as the port shows it. */
export async function storedInfo(files: StoreFiles, storeDir: string, image: StoredImage): Promise<ImageInfo> {
  return infoOf(image, await allTags(files, storePaths(storeDir)));
}

/** Files an image under a name; the name's former image stays under its id. */
export async function writeTag(files: StoreFiles, storeDir: string, tag: Tag): Promise<void> {
  const paths = storePaths(storeDir);
  await files.makeDirectory(paths.tags, { mode: 0o700 });
  await files.writeFile(tagFile(paths, tag.reference), JSON.stringify(tag), { mode: 0o600 });
}

/** What image.json holds beside an image's rootfs. */
export type ImageRecord = { readonly config: string; readonly sizeBytes: number };

/** One name and the image it means. */
export type Tag = { readonly reference: string; readonly id: string };

async function readImage(files: StoreFiles, paths: StorePaths, id: string): Promise<StoredImage | undefined> {
  const directory = imageDirectory(paths, id);
  const text = await files.readText(join(directory, 'image.json'));
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as ImageRecord;
  return {
    id,
    config: parseImageConfig(record.config),
    sizeBytes: record.sizeBytes,
    rootfs: join(directory, 'rootfs'),
  };
}

async function readTag(files: StoreFiles, paths: StorePaths, reference: string): Promise<Tag | undefined> {
  const text = await files.readText(tagFile(paths, canonicalReference(reference)));
  return text === undefined ? undefined : (JSON.parse(text) as Tag);
}

/** Every name that an image is filed under. */
export async function allTags(files: StoreFiles, paths: StorePaths): Promise<readonly Tag[]> {
  const names = (await files.list(paths.tags)) ?? [];
  const texts = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => files.readText(join(paths.tags, name))),
  );
  return texts.filter((text) => text !== undefined).map((text) => JSON.parse(text) as Tag);
}

/** The file of a name. */
export function tagFile(paths: StorePaths, reference: string): string {
  return join(paths.tags, `${sha256Hex(reference)}.json`);
}

function infoOf(image: StoredImage, tags: readonly Tag[]): ImageInfo {
  const names = tags.filter((tag) => tag.id === image.id).map((tag) => tag.reference);
  return {
    id: image.id,
    tags: names.filter((name) => parseReference(name).digest === undefined).sort(),
    digests: names.filter((name) => parseReference(name).digest !== undefined).sort(),
    sizeBytes: image.sizeBytes,
    user: image.config.user,
  };
}
