import { join } from 'node:path';
import { messageOf, OperationError } from '../../base/errors.ts';
import type { HostFiles } from '../../host/host.ts';
import type { ContainerRuntime, ImageInfo, PullOptions } from '../runtime.ts';
import { type ArchiveTagsCache, archiveTags } from './archive.ts';
import { canonicalReference, parseReference } from './reference.ts';

export type ImagePolicy = 'Always' | 'IfNotPresent' | 'Never';

export type ObtainOptions = PullOptions & {
  readonly policy: ImagePolicy;
  /** Directories of image archives, or archives. */
  readonly archives: readonly string[];
  readonly host: Pick<HostFiles, 'list' | 'stat'>;
  /** Neither registry nor network is touched, whatever the policy. */
  readonly noPull?: boolean;
  /** The login for an image, asked for before a pull; throws when there is one that cannot be used. */
  readonly login?: (image: string) => Promise<PullOptions['credentials']>;
  /** What is in the archives, kept over many calls. */
  readonly tagsCache?: ArchiveTagsCache;
};

type ImageRuntime = Pick<ContainerRuntime, 'type' | 'findImage' | 'importArchive' | 'pullImage'>;

/**
 * Gets an image: from the runtime, else from an archive, else from its registry. `Always` asks the registry first of
 * all, as the kubelet does. The error says where it was looked for, why it is not there, and what to do.
 */
export async function obtainImage(
  runtime: ImageRuntime,
  reference: string,
  options: ObtainOptions,
): Promise<ImageInfo> {
  const mayPull = options.policy !== 'Never' && options.noPull !== true;
  if (options.policy === 'Always' && mayPull) return pull(runtime, reference, options);
  const present = await runtime.findImage(reference);
  if (present !== undefined) return present;
  const looked = await lookInArchives(runtime, reference, options);
  if (looked.image !== undefined) return looked.image;
  const pulled = mayPull ? await tryPull(runtime, reference, options) : whyNoPull(options);
  if (typeof pulled !== 'string') return pulled;
  const reasons = [`not in ${storeNames[runtime.type]}`, ...looked.reasons, pulled].join('; ');
  throw new OperationError(`image ${reference} is nowhere to be had: ${reasons}`, {
    hint: `make its registry reachable, or load an archive of it: bootstrap images import FILE${placeHint(options)}`,
  });
}

const storeNames = {
  docker: 'Docker',
  cri: 'the CRI runtime',
  process: 'the image store of the process runtime',
} as const;

/** Every archive in these directories, in the order given, by name within each. */
export async function archivePaths(
  host: Pick<HostFiles, 'list' | 'stat'>,
  places: readonly string[],
): Promise<string[]> {
  const paths: string[] = [];
  for (const place of places) {
    const kind = (await host.stat(place))?.kind;
    if (kind === 'file') paths.push(place);
    if (kind !== 'directory') continue;
    const names = (await host.list(place)) ?? [];
    paths.push(...names.filter((name) => /\.(tar|tar\.gz|tgz)$/.test(name)).map((name) => join(place, name)));
  }
  return paths;
}

/** The first archive that holds the image. */
export async function findInArchives(
  reference: string,
  options: Pick<ObtainOptions, 'archives' | 'host' | 'tagsCache'>,
): Promise<string | undefined> {
  for await (const path of archivesWith(reference, options)) return path;
  return undefined;
}

async function* archivesWith(
  reference: string,
  { archives, host, tagsCache }: Pick<ObtainOptions, 'archives' | 'host' | 'tagsCache'>,
): AsyncGenerator<string> {
  const wanted = canonicalReference(reference);
  for (const path of await archivePaths(host, archives)) {
    const tags = await archiveTags(path, tagsCache).catch((): readonly string[] => []);
    if (tags.includes(wanted)) yield path;
  }
}

async function lookInArchives(
  runtime: ImageRuntime,
  reference: string,
  options: ObtainOptions,
): Promise<{ readonly image?: ImageInfo; readonly reasons: readonly string[] }> {
  const failures: string[] = [];
  for await (const path of archivesWith(reference, options)) {
    options.signal?.throwIfAborted();
    options.onProgress?.(`loading ${path}`);
    try {
      await runtime.importArchive(path);
      const image = await runtime.findImage(reference);
      if (image !== undefined) return { image, reasons: [] };
      failures.push(`${path} holds it, but it was not there after loading`);
    } catch (thrown) {
      failures.push(messageOf(thrown));
    }
  }
  if (failures.length > 0) return { reasons: failures };
  const places =
    options.archives.length === 0 ? 'no archives are configured' : `no archive in ${options.archives.join(', ')}`;
  return { reasons: [places] };
}

/** The reason when it fails. */
async function tryPull(runtime: ImageRuntime, reference: string, options: ObtainOptions): Promise<ImageInfo | string> {
  try {
    return await pull(runtime, reference, options);
  } catch (thrown) {
    options.signal?.throwIfAborted();
    return messageOf(thrown);
  }
}

/** A login that cannot be used is only told when it would have been needed. */
async function pull(runtime: ImageRuntime, reference: string, options: ObtainOptions): Promise<ImageInfo> {
  const { login, ...others } = options;
  const { registry, repository } = parseReference(reference);
  let unusable: string | undefined;
  const credentials = await login?.(`${registry}/${repository}`).catch((thrown: unknown) => {
    unusable = messageOf(thrown);
    return undefined;
  });
  try {
    return await runtime.pullImage(reference, credentials === undefined ? others : { ...others, credentials });
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (unusable === undefined) throw cause;
    throw new OperationError(`${messageOf(cause)} (${unusable})`, { cause });
  }
}

function whyNoPull({ policy }: ObtainOptions): string {
  return policy === 'Never' ? 'not pulled: its pull policy is Never' : 'not pulled: only looked for on this machine';
}

function placeHint({ archives }: ObtainOptions): string {
  return archives[0] === undefined ? '' : `, or put one into ${archives[0]}`;
}
