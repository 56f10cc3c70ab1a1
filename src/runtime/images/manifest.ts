import { OperationError } from '../../base/errors.ts';
import { objectOf, objectsOf, stringOf } from './image-config.ts';
import { isDigest } from './reference.ts';

/** A pointer to a blob: what an OCI index or manifest is made of (image-spec descriptor.md). */
export type Descriptor = {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant: string };
  readonly annotations: Readonly<Record<string, unknown>>;
};

/** An image (config and layers) or a choice of images by platform. */
export type ImageManifest =
  | { readonly kind: 'image'; readonly config: Descriptor; readonly layers: readonly Descriptor[] }
  | { readonly kind: 'index'; readonly manifests: readonly Descriptor[] };

export type Platform = { readonly os: string; readonly architecture: string };

/** This machine's platform as images name it (Go's GOARCH); `architecture` as Node has it. */
export function platformOf(architecture: string): Platform {
  return { os: 'linux', architecture: architecture === 'x64' ? 'amd64' : architecture };
}

/** The media types that we ask a registry for (OCI image-spec, Docker image manifest v2 schema 2). */
export const manifestMediaTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

/** Reads a manifest or an index, of OCI's or Docker's form; `what` names it in the error. */
export function decodeManifest(document: Record<string, unknown>, what: string): ImageManifest {
  if (document.schemaVersion === 1) {
    throw new OperationError(
      `${what} has the manifest schema 1, which registries gave up in 2019; push the image again`,
    );
  }
  if (Array.isArray(document.manifests)) {
    return { kind: 'index', manifests: objectsOf(document.manifests).map((one) => descriptorOf(one, what)) };
  }
  if (!Array.isArray(document.layers)) throw new OperationError(`${what} is neither an image manifest nor an index`);
  return {
    kind: 'image',
    config: descriptorOf(objectOf(document.config), what),
    layers: objectsOf(document.layers).map((layer) => descriptorOf(layer, what)),
  };
}

/** The first image of an index that this machine runs. Throws with what there is instead. */
export function chooseManifest(manifests: readonly Descriptor[], platform: Platform, what: string): Descriptor {
  const chosen = manifests.find(
    (one) => one.platform?.os === platform.os && one.platform.architecture === platform.architecture,
  );
  const only = manifests.length === 1 && manifests[0]?.platform === undefined ? manifests[0] : undefined;
  if (chosen !== undefined || only !== undefined) return (chosen ?? only) as Descriptor;
  const offered = manifests.flatMap((one) => (one.platform ? [`${one.platform.os}/${one.platform.architecture}`] : []));
  throw new OperationError(
    `${what} has no image for ${platform.os}/${platform.architecture}; it has ${offered.join(', ') || 'none'}`,
  );
}

function descriptorOf(value: Record<string, unknown>, what: string): Descriptor {
  const digest = stringOf(value.digest);
  if (!isDigest(digest)) throw new OperationError(`${what} names a blob by "${digest}", which is not a sha256 digest`);
  const platform = objectOf(value.platform);
  return {
    mediaType: stringOf(value.mediaType),
    digest,
    size: typeof value.size === 'number' ? value.size : 0,
    ...(value.platform === undefined
      ? {}
      : {
          platform: {
            os: stringOf(platform.os),
            architecture: stringOf(platform.architecture),
            variant: stringOf(platform.variant),
          },
        }),
    annotations: objectOf(value.annotations),
  };
}
