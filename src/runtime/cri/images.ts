import { type Clock, sleep } from '../../base/clock.ts';
import { hasCode, messageOf, OperationError } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import { archiveTags } from '../images/archive.ts';
import { parseReference } from '../images/reference.ts';
import { watchConnection } from '../images/watch-connection.ts';
import type { ImageInfo, PullOptions } from '../runtime.ts';
import { type CriClient, longestMs } from './client.ts';
import type { CriImage } from './messages.ts';
import { listContainers } from './observe.ts';

type ImageContext = {
  readonly client: CriClient;
  readonly clock: Clock;
  readonly host: Pick<Host, 'run' | 'connectTcp'>;
};

/** Loading reads the whole archive and unpacks it. */
const importTimeoutMs = 30 * 60_000;
/** containerd's CRI learns of images by events (pkg/cri/server/events.go). */
const noticeMs = 5000;
const lookEveryMs = 20;

/** Undefined when the runtime has it not. */
export async function findImage(client: CriClient, reference: string): Promise<ImageInfo | undefined> {
  const what = `cannot look at image ${reference}`;
  const { image } = await client.call('ImageStatus', { image: { image: reference } }, { what });
  return image === null ? undefined : imageInfo(image);
}

/** Every image of the runtime, whoever brought it. */
export async function listImages(client: CriClient): Promise<readonly ImageInfo[]> {
  return (await client.call('ListImages', {}, { what: 'cannot list images' })).images.map(imageInfo);
}

type Pull = PullOptions & { readonly reference: string };

/** Lets the runtime pull; CRI tells no progress. Given up when no connection to the registry can be made. */
export async function pullImage(
  context: ImageContext,
  { hasMirrors }: { readonly hasMirrors: boolean },
  { reference, signal, credentials }: Pull,
): Promise<ImageInfo> {
  const { client } = context;
  const what = `cannot pull ${reference}`;
  const { registry } = parseReference(reference);
  // Without a server address, as the kubelet: containerd reads it as a URL and drops the login where its host differs.
  const auth = credentials === undefined ? {} : { auth: credentials };
  const watch = hasMirrors ? undefined : watchConnection(context, registry);
  const ends = [watch?.signal ?? [], signal ?? []].flat();
  try {
    const options = { what, timeoutMs: longestMs, signal: AbortSignal.any(ends) };
    await client.call('PullImage', { image: { image: reference }, ...auth }, options);
  } catch (thrown) {
    signal?.throwIfAborted();
    throw watch?.signal.aborted ? new OperationError(`${what}: ${messageOf(watch.signal.reason)}`) : thrown;
  } finally {
    watch?.end();
  }
  const image = await findImage(client, reference);
  if (image === undefined) throw new OperationError(`${what}: the runtime says that it is done, but has no such image`);
  return image;
}

/** CRI cannot load an archive: containerd's own program does. The tags in it. */
export async function importArchive(context: ImageContext, path: string): Promise<readonly string[]> {
  const tags = await archiveTags(path);
  if (tags.length === 0) throw new OperationError(`cannot load ${path}: no image with a name is in it`);
  await runCtr(context, `cannot load ${path}`, ['images', 'import', path]);
  await noticed(context, tags);
  return tags;
}

/** Runs containerd's own program for what CRI has no call for. */
export async function runCtr({ client, host }: ImageContext, what: string, words: readonly string[]): Promise<void> {
  const args = ['--address', client.socketPath, '--namespace', 'k8s.io', ...words];
  const noWay = (why: string) =>
    new OperationError(`${what}: CRI has no way to do it, and ${why}`, {
      hint: "install ctr, or use the runtime's own tools: on CRI-O skopeo copy docker-archive:FILE containers-storage:NAME",
    });
  const { code, stderr } = await host.run('ctr', args, { timeoutMs: importTimeoutMs }).catch((thrown: unknown) => {
    throw hasCode(thrown, 'ENOENT') ? noWay("containerd's program ctr is not here") : thrown;
  });
  if (code !== 0 && /unknown service|does not implement/.test(stderr)) throw noWay('this runtime is not containerd');
  if (code !== 0) throw new OperationError(`${what}: ctr: ${lastLine(stderr) ?? `it ended with ${code}`}`);
}

function lastLine(text: string): string | undefined {
  return (
    text
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^ctr: /, '') || undefined
  );
}

async function noticed({ client, clock }: ImageContext, tags: readonly string[]): Promise<void> {
  const untilMs = clock.ticks() + noticeMs;
  for (const tag of tags) {
    while ((await findImage(client, tag)) === undefined && clock.ticks() < untilMs) {
      await sleep(clock, lookEveryMs, client.closed);
      if (client.closed.aborted) return;
    }
  }
}

/** CRI takes an image away even from under a container, so that is asked first; gone is fine. */
export async function removeImage(client: CriClient, id: string): Promise<void> {
  const image = await findImage(client, id);
  if (image === undefined) return;
  const what = `cannot remove image ${image.tags[0] ?? id}`;
  const user = (await listContainers(client, {})).find(({ imageRef }) => isOf(image, imageRef));
  if (user !== undefined) throw new OperationError(`${what}: container ${user.id.slice(0, 13)} uses it`);
  await client.call('RemoveImage', { image: { image: id } }, { what });
}

function isOf({ id, tags, digests }: ImageInfo, reference: string): boolean {
  return [id, ...tags, ...digests].includes(reference);
}

function imageInfo({ id, repoTags, repoDigests, size, uid, username }: CriImage): ImageInfo {
  const user = uid === null ? username : `${uid.value}`;
  return { id, tags: repoTags, digests: repoDigests, sizeBytes: size, user };
}
