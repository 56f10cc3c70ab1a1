import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { type TarEntry, type Written, writeTar } from './tar.ts';

export type ImageConfig = {
  readonly Entrypoint: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
};

export type ImageContent = {
  readonly reference: string;
  readonly architecture: string;
  readonly config: ImageConfig;
  readonly entries: readonly TarEntry[];
};

const epoch = '1970-01-01T00:00:00Z';

/**
 * Writes an image as one archive that is both of the forms in use: `docker save`'s (manifest.json, for Docker before 25)
 * and an OCI image layout (index.json, for containerd). The layer stays uncompressed: it is made, hashed and unpacked
 * faster, and its digest does not depend on a compressor.
 */
export async function writeImageArchive(image: ImageContent, destination: string): Promise<Written> {
  const layerFile = `${destination}.layer`;
  try {
    const layer = await writeTar(image.entries, layerFile);
    return await writeTar(archiveEntries(image, layer, layerFile), destination);
  } finally {
    await rm(layerFile, { force: true });
  }
}

function archiveEntries(image: ImageContent, layer: Written, layerFile: string): TarEntry[] {
  const config = json({
    architecture: image.architecture,
    config: image.config,
    created: epoch,
    history: [{ created: epoch, created_by: 'kube-bootstrap test/components' }],
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer.sha256}`] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...descriptor(config) },
    layers: [
      { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${layer.sha256}`, size: layer.size },
    ],
  });
  return [
    file(blobPath(sha256(config)), config),
    file(blobPath(sha256(manifest)), manifest),
    { type: 'copy', path: blobPath(layer.sha256), mode: 0o644, source: layerFile, size: layer.size },
    file('index.json', ociIndex(image.reference, manifest)),
    file('manifest.json', dockerManifest(image.reference, config, layer)),
    file('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
  ];
}

function ociIndex(reference: string, manifest: Buffer): Buffer {
  const annotations = {
    'io.containerd.image.name': reference,
    'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1),
  };
  return json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', ...descriptor(manifest), annotations }],
  });
}

function dockerManifest(reference: string, config: Buffer, layer: Written): Buffer {
  return json([{ Config: blobPath(sha256(config)), RepoTags: [reference], Layers: [blobPath(layer.sha256)] }]);
}

function descriptor(content: Buffer): { digest: string; size: number } {
  return { digest: `sha256:${sha256(content)}`, size: content.length };
}

function file(path: string, content: Buffer): TarEntry {
  return { type: 'file', path, mode: 0o644, content };
}

function blobPath(digest: string): string {
  return `blobs/sha256/${digest}`;
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
