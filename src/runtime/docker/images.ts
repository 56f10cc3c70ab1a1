import type Docker from 'dockerode';
import type { Clock } from '../../base/clock.ts';
import { OperationError } from '../../base/errors.ts';
import { type ImageReference, parseReference } from '../images/reference.ts';
import type { ImageInfo, PullOptions } from '../runtime.ts';
import type { DockerClient } from './client.ts';
import { hasStatus } from './docker-error.ts';
import { jsonLines } from './json-lines.ts';
import { type DialHost, PullWatchdog } from './pull-watchdog.ts';

export type ImageContext = {
  readonly client: DockerClient;
  readonly clock: Clock;
  readonly host: DialHost;
};

/** Loading reads the whole archive and unpacks it. */
const importTimeoutMs = 30 * 60_000;

/** Undefined when the engine has it not. */
export async function findImage(client: DockerClient, reference: string): Promise<ImageInfo | undefined> {
  try {
    return imageInfo(
      await client.call(`cannot look at image ${reference}`, (docker) => docker.getImage(reference).inspect()),
    );
  } catch (thrown) {
    if (hasStatus(thrown, 404)) return undefined;
    throw thrown;
  }
}

/** Every image of the engine, whoever brought it. */
export async function listImages(client: DockerClient): Promise<readonly ImageInfo[]> {
  const listed = await client.call('cannot list images', (docker, abortSignal) => docker.listImages({ abortSignal }));
  const images = await Promise.all(listed.map(({ Id }) => findImage(client, Id)));
  return images.flatMap((image) => image ?? []);
}

/** Lets the engine pull; its progress is told line by line, its error is ours. */
export async function pullImage(context: ImageContext, reference: string, options: PullOptions): Promise<ImageInfo> {
  const what = `cannot pull ${reference}`;
  const wanted = parseReference(reference);
  const watchdog = new PullWatchdog(context, registryHost(wanted));
  const signal = options.signal === undefined ? watchdog.signal : AbortSignal.any([watchdog.signal, options.signal]);
  try {
    const stream = await context.client.call(
      what,
      (docker, abortSignal) =>
        docker.createImage(credentialsOf(wanted, options), { ...imageQuery(wanted), abortSignal }),
      { signal },
    );
    await follow(what, stream, (text) => {
      watchdog.progress();
      options.onProgress?.(text);
    });
  } catch (thrown) {
    options.signal?.throwIfAborted();
    if (watchdog.reason !== undefined) throw new OperationError(`${what}: ${watchdog.reason}`);
    throw thrown;
  } finally {
    watchdog.end();
  }
  const image = await findImage(context.client, reference);
  if (image === undefined) throw new OperationError(`${what}: Docker says that it is done, but has no such image`);
  return image;
}

/** Without tag or digest Docker would pull every tag; a digest goes where the tag goes. */
function imageQuery({ registry, repository, tag, digest }: ImageReference): { fromImage: string; tag: string } {
  return { fromImage: `${registry}/${repository}`, tag: digest ?? tag ?? 'latest' };
}

function credentialsOf({ registry }: ImageReference, { credentials }: PullOptions): object | undefined {
  return credentials === undefined ? undefined : { ...credentials, serveraddress: registry };
}

/** Docker Hub's registry has another name than its images. */
function registryHost({ registry }: ImageReference): string {
  return registry === 'docker.io' ? 'registry-1.docker.io' : registry;
}

/** `docker load`: the tags in the archive. */
export async function importArchive(client: DockerClient, path: string): Promise<readonly string[]> {
  const what = `cannot load ${path}`;
  const tags: string[] = [];
  await client.call(
    what,
    async (docker, abortSignal) => {
      await follow(what, await docker.loadImage(path, { abortSignal }), (text) => {
        const tag = /^Loaded image(?: ID)?: (\S+)/.exec(text)?.[1];
        if (tag !== undefined) tags.push(tag);
      });
    },
    { timeoutMs: importTimeoutMs },
  );
  if (tags.length === 0) throw new OperationError(`${what}: Docker found no image in it`);
  return tags;
}

/** Takes the image's names off one by one, so that Docker refuses while a container uses it; gone is fine. */
export async function removeImage(client: DockerClient, id: string): Promise<void> {
  const image = await findImage(client, id);
  if (image === undefined) return;
  for (const name of image.tags.length === 0 ? [image.id] : image.tags) {
    try {
      await client.call(`cannot remove image ${name}`, (docker, abortSignal) =>
        docker.getImage(name).remove({ abortSignal }),
      );
    } catch (thrown) {
      if (!hasStatus(thrown, 404)) throw thrown;
    }
  }
}

async function follow(what: string, stream: unknown, onLine: (text: string) => void): Promise<void> {
  for await (const line of jsonLines(stream as AsyncIterable<unknown>)) {
    const { id, error, stream: told, status = told, progress } = line;
    if (typeof error === 'string') throw new OperationError(`${what}: ${error.trim()}`);
    const parts = [id, status, progress].filter((part) => typeof part === 'string' && part !== '');
    onLine(parts.join(' ').trim());
  }
}

function imageInfo(info: Docker.ImageInspectInfo): ImageInfo {
  return {
    id: info.Id,
    tags: info.RepoTags ?? [],
    digests: info.RepoDigests ?? [],
    sizeBytes: info.Size,
    user: info.Config?.User ?? '',
  };
}
