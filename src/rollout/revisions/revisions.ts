import { dirname, join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { temporaryName } from '../../host/stale-temporaries.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { components } from '../../manifests/components.ts';
import { assertMayBeKept } from './kept-files.ts';
import { currentRevision, lastGoodRevision, planPrune, type Revision, type RevisionResult } from './revision.ts';
import {
  factsOf,
  filesOf,
  type OldFile,
  readReplaced,
  readRevision,
  replacedName,
  writeFiles,
} from './revision-files.ts';

type Reader = Pick<Host, 'list' | 'readText'>;
type Writer = Reader & Pick<Host, 'writeFile' | 'makeDirectory' | 'rename' | 'remove' | 'pid'>;

/** A revision before it has its number; `replaced` with the contents that will be replaced. */
export type RevisionDraft = Omit<Revision, 'number' | 'replaced'> & { readonly replaced?: readonly OldFile[] };

/** All revisions that can be read, oldest first. */
export async function readRevisions(host: Reader, directory: string): Promise<readonly Revision[]> {
  const numbers = await revisionNumbers(host, directory);
  const revisions = await Promise.all(numbers.map((number) => readRevision(host, directory, number)));
  return revisions.filter((revision) => revision !== undefined);
}

/** The revision that is on the disk, without reading those that are older. */
export async function readCurrentRevision(host: Reader, directory: string): Promise<Revision | undefined> {
  for (const number of (await revisionNumbers(host, directory)).toReversed()) {
    const revision = await readRevision(host, directory, number);
    if (revision !== undefined && currentRevision([revision]) !== undefined) return revision;
  }
  return undefined;
}

/** The numbers of all revisions, readable or not, lowest first. */
export async function revisionNumbers(host: Pick<Host, 'list'>, directory: string): Promise<readonly number[]> {
  const names = (await host.list(directory)) ?? [];
  return names
    .filter((name) => /^[1-9]\d*$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** The number that the next revision gets; numbers never come again while a higher one is there. */
export async function nextRevisionNumber(host: Pick<Host, 'list'>, directory: string): Promise<number> {
  return ((await revisionNumbers(host, directory)).at(-1) ?? 0) + 1;
}

/**
 * Writes the next revision, at once or not at all, and gives it with its number. Needs the lock of whoever changes the
 * control plane: what a killed writer left is removed first.
 */
export async function writeRevision(host: Writer, directory: string, draft: RevisionDraft): Promise<Revision> {
  const { replaced = [], ...rest } = draft;
  for (const { path } of replaced) assertMayBeKept(path);
  const revision = { ...rest, replaced: replaced.map(({ data, ...file }) => file) };
  await host.makeDirectory(directory, { mode: 0o700 });
  await removeLeftovers(host, directory);
  const number = await nextRevisionNumber(host, directory);
  const temporary = join(directory, temporaryOf(host, number));
  const old = replaced.flatMap(({ path, data }) => (data === undefined ? [] : [{ name: replacedName(path), data }]));
  await writeFiles(host, temporary, [...filesOf(revision), ...old]);
  await host.rename(temporary, join(directory, String(number)));
  return { ...revision, number };
}

export type RevisionEnd = {
  readonly result: RevisionResult;
  readonly finishedAt: string;
  readonly reason?: string;
  readonly timings?: Readonly<Record<string, number>>;
};

type Amender = Pick<Host, 'readText' | 'writeFile' | 'makeDirectory'>;

/** Says how a revision ended. Does nothing when there is none of this number. */
export function endRevision(
  host: Amender,
  directory: string,
  end: RevisionEnd & { readonly number: number },
): Promise<void> {
  return amendRevision(host, directory, end);
}

/** Says what the certificates and files of a revision are as the components were started with them. */
export function noteFiles(
  host: Amender,
  directory: string,
  known: Pick<Revision, 'number' | 'files' | 'certificates'>,
): Promise<void> {
  return amendRevision(host, directory, known);
}

async function amendRevision(
  host: Amender,
  directory: string,
  facts: Partial<Revision> & Pick<Revision, 'number'>,
): Promise<void> {
  const revision = await readRevision(host, directory, facts.number);
  if (revision === undefined) return;
  const { number, timings, ...rest } = facts;
  const ended = { ...revision, ...rest, timings: { ...revision.timings, ...timings } };
  await writeFiles(host, join(directory, String(number)), [factsOf(ended)]);
}

/** Removes what is more than `keep` revisions, and gives the numbers of those that went. */
export async function pruneRevisions(host: Writer, directory: string, keep: number): Promise<readonly number[]> {
  await removeLeftovers(host, directory);
  const numbers = planPrune(await readRevisions(host, directory), keep);
  for (const number of numbers) {
    // Half removed it must not be taken for a revision.
    const aside = join(directory, temporaryOf(host, number));
    await host.rename(join(directory, String(number)), aside);
    await host.remove(aside, { recursive: true });
  }
  return numbers;
}

/**
 * The certificates, keys and kubeconfigs as they were when revision `number` was current, of those that were replaced
 * since: what going back to it puts back beside its manifests.
 */
export async function readFilesAsOf(
  host: Reader & Pick<Host, 'readFile'>,
  { revisionsDir, manifestsDir }: Pick<Paths, 'revisionsDir' | 'manifestsDir'>,
  number: number,
): Promise<readonly OldFile[]> {
  const since = (await readRevisions(host, revisionsDir)).filter((revision) => revision.number > number);
  const found = new Map<string, OldFile>();
  for (const revision of since.filter(({ result }) => result !== 'rolled-back')) {
    for (const file of await readReplaced(host, revisionsDir, revision)) {
      if (dirname(file.path) !== manifestsDir && !found.has(file.path)) found.set(file.path, file);
    }
  }
  return [...found.values()];
}

/** The last good revision as `plan` compares with it. */
export type LastGood = Pick<
  Revision,
  'number' | 'configuration' | 'templatesDirectory' | 'patches' | 'message' | 'objects'
> & {
  readonly atMs: number;
  readonly manifests: readonly { readonly component: ComponentName; readonly text: string }[];
  /** A file that two components mount is there for each of them: only one of them may have taken it up. */
  readonly files: readonly {
    readonly component: ComponentName | 'none';
    readonly path: string;
    readonly sha256: string;
  }[];
};

/** What the control plane was when it was last known to be healthy; undefined before the first revision. */
export async function readLastGood(host: Reader, paths: Pick<Paths, 'revisionsDir'>): Promise<LastGood | undefined> {
  const revision = lastGoodRevision(await readRevisions(host, paths.revisionsDir));
  return revision && asLastGood(revision);
}

/** A revision in the form that plans compare with. */
export function asLastGood(revision: Revision): LastGood {
  const { number, configuration, templatesDirectory, patches, objects, message, finishedAt, startedAt } = revision;
  const manifests = components.flatMap(({ name: component }) => {
    const text = revision.manifests[component];
    return text === undefined ? [] : [{ component, text }];
  });
  const owners = [...components.map(({ name }) => name), 'none' as const];
  const files = owners.flatMap((component) =>
    Object.entries(revision.files[component] ?? {}).map(([path, sha256]) => ({ component, path, sha256 })),
  );
  const atMs = Date.parse(finishedAt ?? startedAt);
  const kept = {
    ...(templatesDirectory && { templatesDirectory }),
    ...(patches && { patches }),
    ...(objects && { objects }),
    ...(message && { message }),
  };
  return { number, configuration, atMs, manifests, files, ...kept };
}

/** As the temporary files of single writes are named, so that whoever lists the directory knows it. */
function temporaryOf(host: Pick<Host, 'pid'>, number: number): string {
  return `.${number}.${host.pid}.0.tmp`;
}

async function removeLeftovers(host: Pick<Host, 'list' | 'remove'>, directory: string): Promise<void> {
  for (const name of (await host.list(directory)) ?? []) {
    if (temporaryName.test(name)) await host.remove(join(directory, name), { recursive: true });
  }
}
