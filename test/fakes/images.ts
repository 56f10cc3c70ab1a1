import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export type TarFile = {
  readonly path: string;
  readonly content?: string | Uint8Array;
  readonly mode?: number;
  /** ustar type flag; '0' unless said, '5' for a path that ends with a slash. */
  readonly type?: string;
  readonly link?: string;
  /** As the header states it, when that is to be wrong. */
  readonly size?: number;
};

/** A tar archive (ustar) of these entries; long names by pax headers. */
export function aTar(files: readonly TarFile[]): Buffer {
  return Buffer.concat([...files.flatMap(tarEntry), Buffer.alloc(1024)]);
}

/** A pax extended header with these records, to stand before an entry. */
export function paxHeader(records: Readonly<Record<string, string>>, type = 'x'): TarFile {
  const lines = Object.entries(records).map(([key, value]) => {
    const body = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(body);
    while (String(length).length + Buffer.byteLength(body) !== length)
      length = String(length).length + Buffer.byteLength(body);
    return `${length}${body}`;
  });
  return { path: 'PaxHeader', type, content: lines.join('') };
}

export type TestImage = {
  readonly tags: readonly string[];
  /** Uncompressed layers, lowest first. */
  readonly layers: readonly Buffer[];
  readonly config?: Readonly<Record<string, unknown>>;
  readonly architecture?: string;
};

const goArchitecture = process.arch === 'x64' ? 'amd64' : process.arch;

export const testPlatform = { os: 'linux', architecture: goArchitecture };

/** An image's config as JSON; its SHA-256 is the image's id. */
export function imageConfig(image: TestImage): Buffer {
  return Buffer.from(
    JSON.stringify({
      architecture: image.architecture ?? goArchitecture,
      os: 'linux',
      config: image.config ?? {},
      rootfs: { type: 'layers', diff_ids: image.layers.map(digestOf) },
    }),
  );
}

/** A classic `docker save` archive. */
export function dockerArchive(images: readonly TestImage[]): Buffer {
  const files = images.flatMap((image) => [
    { path: `${digestOf(imageConfig(image)).slice(7)}.json`, content: imageConfig(image) },
    ...image.layers.map((layer) => ({ path: `${digestOf(layer).slice(7)}/layer.tar`, content: layer })),
  ]);
  const manifest = images.map((image) => ({
    Config: `${digestOf(imageConfig(image)).slice(7)}.json`,
    RepoTags: image.tags,
    Layers: image.layers.map((layer) => `${digestOf(layer).slice(7)}/layer.tar`),
  }));
  return aTar([...files, { path: 'manifest.json', content: JSON.stringify(manifest) }]);
}

/** An OCI image layout as one archive; `pack` compresses the layers. */
export function ociArchive(image: TestImage, pack: (layer: Buffer) => Buffer = (layer) => layer): Buffer {
  const { manifest, blobs } = ociImage(image, pack);
  const index = {
    schemaVersion: 2,
    manifests: image.tags.map((tag) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digestOf(manifest),
      size: manifest.length,
      annotations: { 'io.containerd.image.name': tag },
    })),
  };
  return aTar([
    { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { path: 'index.json', content: JSON.stringify(index) },
    ...[manifest, ...blobs].map((blob) => ({ path: `blobs/sha256/${digestOf(blob).slice(7)}`, content: blob })),
  ]);
}

/** An image as a registry has it. */
export function ociImage(
  image: TestImage,
  pack: (layer: Buffer) => Buffer = (layer) => layer,
): { readonly manifest: Buffer; readonly blobs: readonly Buffer[] } {
  const config = imageConfig(image);
  const layers = image.layers.map(pack);
  const descriptor = (mediaType: string, blob: Buffer) => ({ mediaType, digest: digestOf(blob), size: blob.length });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
    }),
  );
  return { manifest, blobs: [config, ...layers] };
}

/** `sha256:…` of some bytes. */
export function digestOf(data: Uint8Array): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** A directory of the test's own, gone when it ends. */
export function temporaryDirectory(test: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'kube-bootstrap-test-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes a file into a directory of the test's own and gives its path. */
export function temporaryFile(test: TestContext, content: Uint8Array, name = 'archive.tar'): string {
  const path = join(temporaryDirectory(test), name);
  writeFileSync(path, content);
  return path;
}

function tarEntry(file: TarFile): Buffer[] {
  const content = Buffer.from(file.content ?? '');
  const long = Buffer.byteLength(file.path) > 100 ? tarEntry(paxHeader({ path: file.path })) : [];
  const header = Buffer.alloc(512);
  header.write(file.path.slice(0, 100), 0);
  header.write((file.mode ?? 0o644).toString(8).padStart(7, '0'), 100);
  header.write('0000000\0'.repeat(2), 108);
  header.write((file.size ?? content.length).toString(8).padStart(11, '0'), 124);
  header.write('00000000000', 136);
  header.write(file.type ?? (file.path.endsWith('/') ? '5' : '0'), 156);
  header.write((file.link ?? '').slice(0, 100), 157);
  header.write('ustar\u000000', 257);
  header.write('        ', 148);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return [...long, header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}
