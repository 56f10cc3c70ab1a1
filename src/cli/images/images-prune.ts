import { LastGoodStore } from '../../agent/source/last-good.ts';
import { messageOf, PreflightError, UsageError } from '../../base/errors.ts';
import { silentLog } from '../../base/log.ts';
import { decodePod } from '../../kube/pod.ts';
import { canonicalReference, parseReference } from '../../runtime/images/reference.ts';
import type { CliContext, CommandRun } from '../command.ts';
import { createReport } from '../report.ts';
import { type ImageSession, type Invocation, withImageSession } from './image-session.ts';

/** `images prune`: other versions of what is needed, unless a container uses them. */
export const pruneImages: CommandRun = (context, invocation) =>
  withImageSession(context, invocation, async (session) => {
    const report = createReport(context, invocation.common);
    const unneeded = await planPrune(session, await desiredImages(context.host, session.paths.lastGoodDir));
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

/** Images all of whose names are of a needed repository, and none of which is needed, desired or in use. */
async function planPrune({ runtime, needed }: ImageSession, desired: ReadonlySet<string>) {
  const repositories = new Set(needed.map(repositoryOf));
  const used = new Set((await runtime.observePods()).flatMap((pod) => pod.containers.map(({ imageId }) => imageId)));
  const images = await runtime.listImages();
  return images.filter(
    ({ id, tags, digests }) =>
      tags.length > 0 &&
      !used.has(id) &&
      tags.every((tag) => repositories.has(repositoryOf(tag)) && !needed.includes(tag)) &&
      ![id, ...tags, ...digests].some((name) => desired.has(canonical(name))),
  );
}

/** The images of the pods that the agent of this root directory shall run, whether or not it runs now. */
async function desiredImages(host: CliContext['host'], lastGoodDir: string): Promise<ReadonlySet<string>> {
  const manifests = await new LastGoodStore(host, lastGoodDir, silentLog).all();
  const pods = manifests.flatMap(({ text, file }) => decodePod(text, file).pod ?? []);
  const images = pods.flatMap(({ spec }) => [
    ...[...(spec.initContainers ?? []), ...spec.containers].map(({ image }) => image),
    ...(spec.volumes ?? []).flatMap(({ image }) => image?.reference ?? []),
  ]);
  return new Set(images.map(canonical));
}

function canonical(image: string): string {
  try {
    return canonicalReference(image);
  } catch {
    return image;
  }
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
