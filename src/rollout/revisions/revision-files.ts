import { dirname, join } from 'node:path';
import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import { isObject } from '../../kube/decode-fields.ts';
import { components, manifestFile } from '../../manifests/components.ts';
import { keptObjectsText, readKeptObjects } from '../objects/kept-objects.ts';
import type { ReplacedFile, Revision, RevisionResult } from './revision.ts';
import { revisionResults } from './revision.ts';

/** A private file of a revision, by its path inside the revision's directory. */
export type RevisionFile = { readonly name: string; readonly data: string | Uint8Array };

const factsFile = 'revision.json';
const configurationFile = 'configuration.yaml';
const objectsFile = 'objects.json';

/** The content of a replaced file: `replaced` and below it the file's own path. */
export function replacedName(path: string): string {
  return join('replaced', path);
}

/** Where the patch files of a revision are, below its directory. */
export const patchesName = 'patches';

/** revision.json: everything but the number, which is the directory's name, and the texts, which are files beside it. */
export function factsOf(revision: Omit<Revision, 'number'>): RevisionFile {
  const { configuration, manifests, patches, objects, ...facts } = { ...revision, number: undefined };
  const all = patches === undefined ? facts : { ...facts, patches: Object.keys(patches) };
  return { name: factsFile, data: `${JSON.stringify(all, undefined, 2)}\n` };
}

/** The files of a revision but for those that it replaced. */
export function filesOf(revision: Omit<Revision, 'number'>): readonly RevisionFile[] {
  const manifests = components.flatMap(({ name }) => {
    const text = revision.manifests[name];
    return text === undefined ? [] : [{ name: join('manifests', manifestFile(name)), data: text }];
  });
  const patches = Object.entries(revision.patches ?? {}).map(([name, data]) => ({
    name: join(patchesName, name),
    data,
  }));
  const objects =
    revision.objects === undefined ? [] : [{ name: objectsFile, data: keptObjectsText(revision.objects) }];
  const configuration = { name: configurationFile, data: revision.configuration };
  return [configuration, ...manifests, ...patches, ...objects, factsOf(revision)];
}

/** Writes files into a directory of a revision, private from the first byte; those beside each other at the same time. */
export async function writeFiles(
  host: Pick<Host, 'makeDirectory' | 'writeFile'>,
  directory: string,
  files: readonly RevisionFile[],
): Promise<void> {
  for (const below of new Set(files.map(({ name }) => dirname(join(directory, name))))) {
    await host.makeDirectory(below, { mode: 0o700 });
  }
  await Promise.all(files.map(({ name, data }) => host.writeFile(join(directory, name), data, { mode: 0o600 })));
}

/** The revision in this directory; undefined when there is none that can be read. */
export async function readRevision(
  host: Pick<Host, 'readText'>,
  directory: string,
  number: number,
): Promise<Revision | undefined> {
  const read = (name: string) => host.readText(join(directory, String(number), name));
  const [facts, configuration, objectsText, ...texts] = await Promise.all([
    read(factsFile),
    read(configurationFile),
    read(objectsFile),
    ...components.map(({ name }) => read(join('manifests', manifestFile(name)))),
  ]);
  const decoded = decodeFacts(facts);
  if (decoded === undefined || configuration === undefined) return undefined;
  const manifests = components.flatMap(({ name }, index) => {
    const text = texts[index];
    return text === undefined ? [] : [[name, text] as const];
  });
  const { patches: names, ...rest } = decoded;
  const patches = await readPatchesOf(names, (name) => read(join(patchesName, name)));
  const objects = readKeptObjects(objectsText);
  const found = {
    ...{ ...rest, number, configuration, manifests: Object.fromEntries(manifests) },
    ...(objects !== undefined && { objects }),
  };
  return patches === undefined ? found : { ...found, patches };
}

/** Undefined when the revision has none, or not all that it had. */
async function readPatchesOf(
  names: readonly string[] | undefined,
  read: (name: string) => Promise<string | undefined>,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (names === undefined) return undefined;
  const texts = await Promise.all(names.map(async (name) => [name, await read(name)] as const));
  const kept = texts.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const]));
  return kept.length < names.length ? undefined : Object.fromEntries(kept);
}

type Facts = Omit<Revision, 'number' | 'configuration' | 'manifests' | 'patches' | 'objects'> & {
  readonly patches?: readonly string[] | undefined;
};

/** Our own file; what a newer or older release left out has the value that says least. */
function decodeFacts(text: string | undefined): Facts | undefined {
  const facts = text === undefined ? undefined : parsed(text);
  if (!isObject(facts) || typeof facts.startedAt !== 'string' || !isResult(facts.result)) return undefined;
  const nobody = { user: '', host: '', command: '' };
  const least = {
    who: nobody,
    kubernetesVersion: '',
    changes: [],
    timings: {},
    certificates: [],
    files: {},
    replaced: [],
  };
  const patches = Array.isArray(facts.patches) ? facts.patches.map(String) : undefined;
  return { ...least, ...facts, patches, startedAt: facts.startedAt, result: facts.result };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isResult(value: unknown): value is RevisionResult {
  return revisionResults.some((result) => result === value);
}

/** A replaced file with what was in it; `data` undefined: nothing was there. */
export type OldFile = ReplacedFile & { readonly data: Uint8Array | undefined };

/** The old contents of all that a revision replaced. Throws when one of them is lost. */
export async function readReplaced(
  host: Pick<Host, 'readFile'>,
  directory: string,
  revision: Pick<Revision, 'number' | 'replaced'>,
): Promise<readonly OldFile[]> {
  return Promise.all(
    revision.replaced.map(async (file) => {
      if (file.absent) return { ...file, data: undefined };
      const kept = join(directory, String(revision.number), replacedName(file.path));
      const data = await host.readFile(kept);
      if (data !== undefined) return { ...file, data };
      throw new OperationError(`what was in ${file.path} before revision ${revision.number} is lost: ${kept} is gone`);
    }),
  );
}
