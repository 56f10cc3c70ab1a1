import { messageOf, OperationError, PreflightError, UsageError } from '../base/errors.ts';
import type { ArchiveTagsCache } from '../runtime/images/archive.ts';
import { archivePaths, findInArchives, obtainImage } from '../runtime/images/obtain.ts';
import { parseReference } from '../runtime/images/reference.ts';
import type { CliContext, CommandRun } from './command.ts';
import { type ImageSession, type Invocation, withImageSession } from './image-session.ts';
import { createReport } from './report.ts';
import { table } from './style.ts';

/** `images list`: what the configuration needs, whether it is there, and where else it is. Pulls nothing. */
export const listImages: CommandRun = (context, invocation) =>
  withImageSession(context, invocation, async ({ config, choice, runtime, needed }) => {
    const tagsCache: ArchiveTagsCache = new Map();
    const search = { archives: config.bootstrap.images.archives, host: context.host, tagsCache };
    const images: ListedImage[] = [];
    for (const image of needed) {
      const found = await runtime.findImage(image);
      const archive = found === undefined ? await findInArchives(image, search) : undefined;
      images.push({ image, present: found !== undefined, id: found?.id, sizeBytes: found?.sizeBytes, archive });
    }
    const rows = images.map((entry) => [entry.image, whereIs(entry, choice.type), sizeOf(entry)]);
    const text = table([['IMAGE', 'WHERE', 'SIZE'], ...rows]);
    createReport(context, invocation.common).finish({ text, document: { runtime: choice.type, images } });
    return undefined;
  });

type ListedImage = {
  readonly image: string;
  readonly present: boolean;
  readonly id: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly archive: string | undefined;
};

function whereIs({ present, archive }: ListedImage, type: string): string {
  if (present) return `in ${type}`;
  return archive === undefined ? 'missing' : `in ${archive}`;
}

function sizeOf({ sizeBytes }: ListedImage): string {
  return sizeBytes === undefined ? '-' : `${(sizeBytes / 1e6).toFixed(1)} MB`;
}

/** `images pull [IMAGE...]`: gets what is missing; goes on after a failure and fails at the end. */
export const pullImages: CommandRun = (context, invocation) =>
  withImageSession(context, invocation, async (session) => {
    const report = createReport(context, invocation.common);
    const wanted = invocation.arguments.length === 0 ? session.needed : invocation.arguments;
    const failed: string[] = [];
    for (const image of wanted) {
      const sinceMs = context.clock.now();
      try {
        const how = await getImage(context, session, image, (text) => report.waiting(`${image}: ${text}`, sinceMs));
        report.item({ item: image, action: how.action, because: how.because });
      } catch (thrown) {
        context.signal.throwIfAborted();
        failed.push(messageOf(thrown));
      }
    }
    report.settle();
    if (failed.length > 0) throw missingError(failed);
    const names = wanted.map((image) => `${image}\n`).join('');
    report.finish({ text: names, document: { runtime: session.choice.type, images: wanted } });
    return undefined;
  });

async function getImage(
  { host, signal }: CliContext,
  { runtime, config, choice }: ImageSession,
  image: string,
  onProgress: (text: string) => void,
): Promise<{ readonly action: string; readonly because: string }> {
  const present = await runtime.findImage(image);
  if (present !== undefined) return { action: 'keep', because: `already in ${choice.type}` };
  let last = '';
  const told = (text: string) => {
    last = text.startsWith('loading ') ? text : 'pulled';
    onProgress(text);
  };
  const { archives } = config.bootstrap.images;
  await obtainImage(runtime, image, { policy: 'IfNotPresent', archives, host, signal, onProgress: told });
  const archive = /^loading (.*)$/.exec(last)?.[1];
  return archive === undefined
    ? { action: 'pull', because: 'from its registry' }
    : { action: 'load', because: `from ${archive}` };
}

function missingError(failed: readonly string[]): OperationError {
  const what = failed.length === 1 ? 'an image is missing' : `${failed.length} images are missing`;
  return new OperationError(what, {
    details: failed,
    hint: 'make the registry reachable, or load archives of them: bootstrap images import FILE…',
  });
}

/** `images import ARCHIVE...`: files, or directories of archives. */
export const importImages: CommandRun = (context, invocation) =>
  withImageSession(context, invocation, async ({ runtime, choice }) => {
    const report = createReport(context, invocation.common);
    const images: string[] = [];
    for (const place of invocation.arguments) {
      const paths = await archivePaths(context.host, [place]);
      if (paths.length === 0)
        throw new UsageError(`${place} is no archive and no directory with *.tar, *.tar.gz or *.tgz`);
      for (const path of paths) {
        const tags = await runtime.importArchive(path);
        images.push(...tags);
        for (const tag of tags) report.item({ item: tag, action: 'load', because: `from ${path}` });
      }
    }
    const text = images.map((image) => `${image}\n`).join('');
    report.finish({ text, document: { runtime: choice.type, images } });
    return undefined;
  });

/** `images prune`: other versions of what is needed, unless a container uses them. */
export const pruneImages: CommandRun = (context, invocation) =>
  withImageSession(context, invocation, async (session) => {
    const report = createReport(context, invocation.common);
    const unneeded = await planPrune(session);
    const { dryRun = false } = invocation.options;
    if (dryRun === false && unneeded.length > 0) await confirmed(context, invocation, unneeded);
    const removed: string[] = [];
    for (const { id, tags } of unneeded) {
      const why = dryRun === false ? await removeUnused(session, id) : undefined;
      const action = why === undefined ? 'remove' : 'keep';
      for (const tag of tags) report.item({ item: tag, action, because: why ?? 'not needed by the configuration' });
      if (why === undefined) removed.push(...tags);
    }
    const text = removed.map((tag) => `${tag}\n`).join('');
    report.finish({ text, document: { runtime: session.choice.type, dryRun, removed } });
    return undefined;
  });

/** Images all of whose names are of a needed repository and none of which is needed or in use. */
async function planPrune({ runtime, needed }: ImageSession) {
  const repositories = new Set(needed.map(repositoryOf));
  const used = new Set((await runtime.observePods()).flatMap((pod) => pod.containers.map(({ imageId }) => imageId)));
  const images = await runtime.listImages();
  return images.filter(
    ({ id, tags }) =>
      tags.length > 0 &&
      !used.has(id) &&
      tags.every((tag) => repositories.has(repositoryOf(tag)) && !needed.includes(tag)),
  );
}

/** Why it stays; a container that is not ours may use it, which only the runtime knows. */
async function removeUnused({ runtime }: ImageSession, id: string): Promise<string | undefined> {
  try {
    await runtime.removeImage(id);
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

function repositoryOf(reference: string): string {
  const { registry, repository } = parseReference(reference);
  return `${registry}/${repository}`;
}

async function confirmed(
  { confirm }: CliContext,
  { options }: Invocation,
  unneeded: readonly { readonly tags: readonly string[] }[],
): Promise<void> {
  if (options.force === true) return;
  if (confirm === undefined)
    throw new UsageError('images prune asks before it removes; without a terminal say --force');
  const names = unneeded.flatMap(({ tags }) => tags).join(', ');
  if (!(await confirm(`Remove ${names}?`))) throw new PreflightError('nothing removed');
}
