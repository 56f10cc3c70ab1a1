import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { createGunzip } from 'node:zlib';
import { hasCode, OperationError } from '../../base/errors.ts';
import { type ByteSource, fileSource, readAll, streamSource } from './byte-source.ts';
import { objectsOf, parseJsonObject, stringOf, stringsOf } from './image-config.ts';
import { canonicalReference } from './reference.ts';
import { readTar } from './tar.ts';

/** Where a file of the archive is. */
export type ArchiveFile = { readonly offset: number; readonly size: number };

/** Tags by path, valid while size and time of change are the same; the caller keeps it as long as it likes. */
export type ArchiveTagsCache = Map<string, { readonly stamp: string; readonly tags: readonly string[] }>;

const smallFile = 4 << 20;

/**
 * The full image names (canonicalReference) in a `docker save` or OCI layout archive, plain or gzip. Reads no more than
 * the entries' headers and manifest.json or index.json; empty when it is no image archive.
 */
export async function archiveTags(path: string, cache?: ArchiveTagsCache): Promise<readonly string[]> {
  const stats = await stat(path);
  const stamp = `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
  const known = cache?.get(path);
  if (known?.stamp === stamp) return known.tags;
  const tags = stats.isFile() ? await readTags(path) : [];
  cache?.set(path, { stamp, tags });
  return tags;
}

async function readTags(path: string): Promise<readonly string[]> {
  const file = await open(path);
  try {
    const source = (await isGzip(file)) ? streamSource(gunzipped(path)) : fileSource(file);
    const documents = await smallDocuments(source, ['manifest.json', 'index.json']);
    const [docker, index] = [documents.get('manifest.json'), documents.get('index.json')];
    if (docker !== undefined) return dockerManifests(docker).flatMap((image) => image.tags);
    return index === undefined ? [] : ociManifests(index).flatMap((image) => image.tags);
  } catch (thrown) {
    if (thrown instanceof OperationError || hasCode(thrown, 'Z_DATA_ERROR', 'Z_BUF_ERROR')) return [];
    throw thrown;
  } finally {
    await file.close();
  }
}

async function smallDocuments(source: ByteSource, names: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const entry of readTar(source)) {
    const name = posix.normalize(entry.path);
    if (!names.includes(name) || entry.size > smallFile) continue;
    found.set(name, (await readAll(entry.content())).toString());
    if (found.has(names[0] ?? '')) break;
  }
  return found;
}

/** Every file of an uncompressed archive by its path, links followed (older `docker save` links equal layers). */
export async function indexArchive(file: FileHandle): Promise<ReadonlyMap<string, ArchiveFile>> {
  const files = new Map<string, ArchiveFile>();
  const links: { path: string; target: string }[] = [];
  for await (const entry of readTar(fileSource(file))) {
    const path = posix.normalize(entry.path);
    if (entry.type === 'file') files.set(path, { offset: entry.offset, size: entry.size });
    if (entry.type === 'hardlink') links.push({ path, target: posix.normalize(entry.linkPath) });
    if (entry.type === 'symlink') links.push({ path, target: posix.join(posix.dirname(path), entry.linkPath) });
  }
  for (const { path, target } of links) {
    const found = files.get(target);
    if (found !== undefined) files.set(path, found);
  }
  return files;
}

/** The images of a `docker save` archive's manifest.json, its layers lowest first. */
export function dockerManifests(
  text: string,
): readonly { readonly config: string; readonly tags: readonly string[]; readonly layers: readonly string[] }[] {
  const document = parseJsonObject(`{"images":${text}}`, 'manifest.json');
  return objectsOf(document.images).map((image) => ({
    config: posix.normalize(stringOf(image.Config)),
    tags: stringsOf(image.RepoTags).map(canonicalReference),
    layers: stringsOf(image.Layers).map((layer) => posix.normalize(layer)),
  }));
}

/** What an OCI layout's index.json points to; tags by containerd's annotation, else by OCI's when that is a whole name. */
export function ociManifests(text: string): readonly { readonly digest: string; readonly tags: readonly string[] }[] {
  const document = parseJsonObject(text, 'index.json');
  return objectsOf(document.manifests).map((one) => {
    const annotations = parseAnnotations(one.annotations);
    const name = annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name'] ?? '';
    // The second annotation is the bare tag in most archives: no name to file an image under.
    return { digest: stringOf(one.digest), tags: /[/:]/.test(name) ? [canonicalReference(name)] : [] };
  });
}

/** Whether the file begins as gzip does (RFC 1952). */
export async function isGzip(file: FileHandle): Promise<boolean> {
  const magic = Buffer.alloc(2);
  await file.read(magic, 0, 2, 0);
  return magic.readUInt16BE(0) === 0x1f8b;
}

/** The decompressed content of a gzip file. */
export function gunzipped(path: string): AsyncIterable<Buffer> {
  const input = createReadStream(path, { highWaterMark: 1 << 20 });
  const output = createGunzip({ chunkSize: 1 << 18 });
  input.on('error', (thrown) => output.destroy(thrown));
  return input.pipe(output);
}

function parseAnnotations(value: unknown): Readonly<Record<string, string | undefined>> {
  return value !== null && typeof value === 'object' ? (value as Record<string, string>) : {};
}
