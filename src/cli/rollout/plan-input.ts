import { join, resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { configFlagsOf } from '../../config/flags.ts';
import { checkConfig, loadConfig } from '../../config/load.ts';
import { pathsOf } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import type { Host } from '../../host/host.ts';
import { isObject } from '../../kube/decode-fields.ts';
import { parseYaml } from '../../kube/yaml.ts';
import { readPatchTexts } from '../../manifests/patches.ts';
import { diffConfigurations } from '../../rollout/plan/configuration-differences.ts';
import { configurationText } from '../../rollout/revisions/gather-revision.ts';
import { patchesName } from '../../rollout/revisions/revision-files.ts';
import type { LastGood } from '../../rollout/revisions/revisions.ts';
import { type Options, rootDirOf, textOption } from '../workflow-context.ts';

/** What a change is planned from: what the command line gives, else what the last good revision keeps. */
export type PlanInput = {
  readonly config: Config;
  /** The configuration of the last good revision, as far as it can be read. */
  readonly former: Config | undefined;
  readonly templatesDirectory: string | undefined;
  /** The patches that the manifests are rendered with. */
  readonly patchesDirectory: string | undefined;
  /** Nothing of it is another than in the last good revision. */
  readonly sameInput: boolean;
  readonly notes: readonly string[];
};

/** Reads configuration and patches that the options name, else the stored ones. Throws UsageError for what is wrong in them. */
export async function planInput(host: Host, options: Options, lastGood: LastGood | undefined): Promise<PlanInput> {
  const stored = lastGood === undefined ? undefined : storedInput(lastGood, rootDirOf(host, options));
  const { config: asked, former } = await configurations(host, options, stored);
  const keeps = stored?.patchesDirectory !== undefined && (options.patches === undefined || options.patches === '');
  // A configuration file may name a directory of its own.
  const kept = keeps && (textOption(options, 'config') === undefined || asked.init.patchesDirectory === undefined);
  const config = kept ? withPatches(asked, stored.origin) : asked;
  const templates = textOption(options, 'templates') ?? lastGood?.templatesDirectory;
  const input = {
    ...{ config, former },
    templatesDirectory: templates === undefined ? undefined : resolve(host.workingDirectory(), templates),
    patchesDirectory: kept ? stored.patchesDirectory : config.init.patchesDirectory,
  };
  const notes = kept ? await patchNotes(host, { stored, lastGood, options }) : [];
  return { ...input, notes, sameInput: await isSame(host, input, lastGood) };
}

type Stored = {
  readonly rootDir: string;
  readonly file: string;
  /** Of the revision, which may be given where a directory is asked for. */
  readonly directory: string;
  /** Where the patches are kept; undefined when there are none. */
  readonly patchesDirectory: string | undefined;
  /** Where they were taken from. */
  readonly origin: string | undefined;
};

function storedInput({ number, configuration, patches }: LastGood, rootDir: string): Stored {
  const directory = join(pathsOf(rootDir).revisionsDir, String(number));
  const keeps = Object.keys(patches ?? {}).length > 0;
  return {
    ...{ rootDir, directory, file: join(directory, 'configuration.yaml'), origin: originOf(configuration) },
    patchesDirectory: keeps ? join(directory, patchesName) : undefined,
  };
}

function originOf(configuration: string): string | undefined {
  for (const { value } of parseYaml(configuration, '').documents) {
    if (!isObject(value) || !isObject(value.patches)) continue;
    if (typeof value.patches.directory === 'string') return value.patches.directory;
  }
  return undefined;
}

async function configurations(
  host: Host,
  options: Options,
  stored: Stored | undefined,
): Promise<{ readonly config: Config; readonly former: Config | undefined }> {
  const rootDir = rootDirOf(host, options);
  const flags = configFlagsOf(options);
  const given = textOption(options, 'config');
  if (given !== undefined) {
    const config = await loadConfig({ host, flags, rootDir, file: given });
    return { config, former: stored && (await formerOf(host, stored)) };
  }
  if (stored === undefined) {
    throw new UsageError(`no configuration is stored below ${rootDir}`, {
      hint: 'give it with --config FILE, or run bootstrap init first',
    });
  }
  const config = await loadConfig({ host, flags: { ...standIn(stored), ...flags }, rootDir, file: stored.file });
  if (Object.keys(flags).length > 0) return { config, former: await formerOf(host, stored) };
  const same = withPatches(config, stored.origin);
  return { config: same, former: same };
}

/** The patches are kept; the directory that they came from may be gone. */
function standIn({ patchesDirectory, directory, origin }: Stored): { readonly patches?: string } {
  if (patchesDirectory !== undefined) return { patches: patchesDirectory };
  return origin === undefined ? {} : { patches: directory };
}

/** One that an older release stored may hold what this one refuses: it only tells what was asked for before. */
async function formerOf(host: Host, stored: Stored): Promise<Config> {
  const { file, rootDir, origin } = stored;
  const { config } = await checkConfig({ host, flags: standIn(stored), rootDir, file });
  return withPatches(config, origin);
}

/** The configuration with the patches of another directory. */
export function withPatches(config: Config, patchesDirectory: string | undefined): Config {
  return { ...config, init: { ...config.init, patchesDirectory } };
}

async function isSame(
  host: Host,
  input: Pick<PlanInput, 'config' | 'templatesDirectory' | 'patchesDirectory'>,
  lastGood: LastGood | undefined,
): Promise<boolean> {
  if (lastGood === undefined || input.templatesDirectory !== lastGood.templatesDirectory) return false;
  if (diffConfigurations(lastGood.configuration, configurationText(input.config)).length > 0) return false;
  const patches = input.patchesDirectory === undefined ? {} : await readPatchTexts(host, input.patchesDirectory);
  return areSame(patches, lastGood.patches ?? {});
}

function areSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => a[name] === b[name]);
}

/** What is good to know where patches apply that nobody named. */
async function patchNotes(
  host: Host,
  found: { readonly stored: Stored; readonly lastGood: LastGood | undefined; readonly options: Options },
): Promise<readonly string[]> {
  const { stored, lastGood, options } = found;
  const number = lastGood?.number;
  if (textOption(options, 'config') !== undefined) {
    return [`the patches that revision ${number} keeps still apply; --patches DIR gives others, an empty one none`];
  }
  if (stored.origin === undefined || (await host.stat(stored.origin))?.kind !== 'directory') return [];
  const now = await readPatchTexts(host, stored.origin);
  if (areSame(now, lastGood?.patches ?? {})) return [];
  return [`the patches in ${stored.origin} are others now than revision ${number} keeps; --patches DIR takes them up`];
}
