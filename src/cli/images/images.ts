import { messageOf, OperationError, UsageError } from '../../base/errors.ts';
import type { ArchiveTagsCache } from '../../runtime/images/archive.ts';
import { readCredentials } from '../../runtime/images/credentials.ts';
import { archivePaths, findInArchives, obtainImage } from '../../runtime/images/obtain.ts';
import type { CliContext, CommandRun } from '../command.ts';
import { createReport } from '../report.ts';
import { table } from '../style.ts';
import { type ImageSession, withImageSession } from './image-session.ts';

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
  const login = (name: string) => readCredentials(host, name);
  await obtainImage(runtime, image, { policy: 'IfNotPresent', archives, host, login, signal, onProgress: told });
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
