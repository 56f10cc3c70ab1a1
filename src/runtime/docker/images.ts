import type Docker from 'dockerode';
import type { Clock } from '../../base/clock.ts';
import { messageOf, OperationError } from '../../base/errors.ts';
import type { HostNetwork } from '../../host/host.ts';
import type { ImageInfo, PullOptions } from '../runtime.ts';
import type { DockerClient } from './client.ts';
import { hasStatus } from './docker-error.ts';
import { jsonLines } from './json-lines.ts';
import { registryOf, splitReference } from './reference-parts.ts';

export type ImageContext = {
  readonly client: DockerClient;
  readonly clock: Clock;
  readonly host: Pick<HostNetwork, 'connectTcp'>;
};

/** A pull is given up when nothing has been heard from the registry by then, and no connection to it can be made. */
const connectTimeoutMs = 5000;
/** And when it makes no progress for so long (cri-dockerd defaultImagePullingProgressReportInterval × 6). */
const progressTimeoutMs = 60_000;
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
  const watchdog = new Watchdog(context, reference);
  const signals = [watchdog.signal, ...(options.signal === undefined ? [] : [options.signal])];
  const signal = AbortSignal.any(signals);
  try {
    const authentication = { ...options.credentials, serveraddress: registryOf(reference) };
    const { repository, tag } = splitReference(reference);
    const stream = await context.client.call(
      what,
      (docker, abortSignal) =>
        docker.createImage(options.credentials === undefined ? {} : authentication, {
          fromImage: repository,
          ...(tag === undefined ? {} : { tag }),
          abortSignal,
        }),
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

/**
 * Aborts a pull that goes nowhere. dockerd answers nothing until the registry has; where it is slow but can be
 * connected to, the longer limit holds.
 */
class Watchdog {
  readonly #controller = new AbortController();
  readonly #context: ImageContext;
  #cancel: () => void;
  reason: string | undefined;

  constructor(context: ImageContext, reference: string) {
    this.#context = context;
    const registry = registryOf(reference);
    const [host = registry, port = '443'] = registry.split(/:(?=\d+$)/);
    let unreachable: string | undefined = 'no connection was made';
    context.host.connectTcp(host, Number(port), connectTimeoutMs).then(
      () => {
        unreachable = undefined;
      },
      (thrown) => {
        unreachable = messageOf(thrown);
      },
    );
    this.#cancel = context.clock.after(connectTimeoutMs, () => {
      if (unreachable === undefined) this.progress();
      else this.#giveUp(`no connection to ${registry} within ${connectTimeoutMs / 1000} s (${unreachable})`);
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  progress(): void {
    this.#cancel();
    const text = `no progress for ${progressTimeoutMs / 1000} s`;
    this.#cancel = this.#context.clock.after(progressTimeoutMs, () => this.#giveUp(text));
  }

  end(): void {
    this.#cancel();
  }

  #giveUp(reason: string): void {
    this.reason = reason;
    this.#controller.abort();
  }
}
