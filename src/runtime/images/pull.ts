import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { messageOf, OperationError } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import type { PullOptions } from '../runtime.ts';
import { readCredentials } from './credentials.ts';
import { downloadBlob } from './download.ts';
import { chooseManifest, type Descriptor, decodeManifest, type ImageManifest, type Platform } from './manifest.ts';
import { formatReference, type ImageReference, parseReference } from './reference.ts';
import { Registry } from './registry.ts';
import { withScratch } from './scratch.ts';
import { storePaths, writeTag } from './store.ts';
import { isUnpacked, unpackImage } from './unpack.ts';

export type PullContext = {
  readonly host: Host;
  readonly clock: Clock;
  readonly storeDir: string;
  readonly platform: Platform;
};

const parallelLayers = 3;

/**
 * Fetches an image for this platform from its registry into the store and files it under its name and digest; layers
 * are fetched only when the image is not there. Gives its id. Throws OperationError, naming the image.
 */
export async function pullImage(context: PullContext, text: string, options: PullOptions = {}): Promise<string> {
  const { host, storeDir } = context;
  const reference = parseReference(text);
  const { signal } = options;
  try {
    const registry = await Registry.connect({
      host,
      reference,
      credentials: async () => options.credentials ?? readCredentials(host, nameOf(reference)),
      ...(signal === undefined ? {} : { signal }),
    });
    const { manifest, digest } = await findManifest(registry, reference, context.platform);
    const id = manifest.config.digest;
    if (!(await isUnpacked(storePaths(storeDir), id))) await fetchImage(context, { registry, manifest, options });
    for (const name of namesOf(reference, digest)) await writeTag(host, storeDir, { reference: name, id });
    return id;
  } catch (cause) {
    signal?.throwIfAborted();
    const hint = cause instanceof OperationError && cause.hint !== undefined ? { hint: cause.hint } : {};
    throw new OperationError(`cannot pull ${text}: ${messageOf(cause)}`, { cause, ...hint });
  }
}

type Image = Extract<ImageManifest, { readonly kind: 'image' }>;

async function findManifest(
  registry: Registry,
  reference: ImageReference,
  platform: Platform,
): Promise<{ readonly manifest: Image; readonly digest: string }> {
  const wanted = reference.digest ?? reference.tag ?? 'latest';
  const { document, digest } = await registry.manifest(wanted);
  const first = decodeManifest(document, `manifest ${wanted}`);
  if (first.kind === 'image') return { manifest: first, digest };
  const chosen = chooseManifest(first.manifests, platform, `index ${wanted}`);
  const second = decodeManifest((await registry.manifest(chosen.digest)).document, `manifest ${chosen.digest}`);
  if (second.kind === 'image') return { manifest: second, digest };
  throw new OperationError(`index ${wanted} leads to an index again`);
}

async function fetchImage(
  { host, clock, storeDir }: PullContext,
  at: { readonly registry: Registry; readonly manifest: Image; readonly options: PullOptions },
): Promise<void> {
  const { registry, manifest, options } = at;
  const config = await registry.smallBlob(manifest.config.digest);
  const paths = storePaths(storeDir);
  await withScratch(host, paths, async (scratch) => {
    const fileOf = (layer: Descriptor) => join(scratch, layer.digest.replace(':', '-'));
    const onBytes = progressOf(manifest.layers, options.onProgress);
    // One layer may stand in an image several times.
    const layers = [...new Map(manifest.layers.map((layer) => [layer.digest, layer])).values()];
    await inParallel(layers, options.signal, (blob, signal) =>
      downloadBlob(fileOf(blob), { registry, clock, blob, onBytes, signal }),
    );
    options.onProgress?.('unpacking');
    await unpackImage(paths, scratch, {
      id: manifest.config.digest,
      config,
      layers: manifest.layers.map((layer) => () => createReadStream(fileOf(layer), { highWaterMark: 1 << 20 })),
    });
  });
}

function nameOf({ registry, repository }: ImageReference): string {
  return `${registry}/${repository}`;
}

/** Under the tag it was asked for, and under the digest that the tag had. */
function namesOf(reference: ImageReference, digest: string): readonly string[] {
  const { registry, repository } = reference;
  const byDigest = formatReference({ registry, repository, digest });
  return reference.digest === undefined ? [formatReference(reference), byDigest] : [byDigest];
}

/** Says once per tenth how far it is. */
function progressOf(layers: readonly Descriptor[], say: ((text: string) => void) | undefined): (count: number) => void {
  const total = layers.reduce((sum, layer) => sum + layer.size, 0);
  let received = 0;
  let said = -1;
  return (count) => {
    received += count;
    const tenth = total === 0 ? 10 : Math.floor((received * 10) / total);
    if (tenth <= said) return;
    said = tenth;
    say?.(`${(received / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`);
  };
}

/** The first that fails ends the others; resolves or throws when all have ended. */
async function inParallel<T>(
  items: readonly T[],
  outer: AbortSignal | undefined,
  action: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(outer === undefined ? [] : [outer])]);
  const queue = [...items];
  const work = async () => {
    for (let item = queue.shift(); item !== undefined && !signal.aborted; item = queue.shift()) {
      await action(item, signal).catch((thrown: unknown) => failed.abort(thrown));
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelLayers, queue.length) }, work));
  signal.throwIfAborted();
}
