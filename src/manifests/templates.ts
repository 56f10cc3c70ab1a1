import { join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import type { HostFiles } from '../host/host.ts';
import { type PackagedFiles, packagedFiles } from '../host/packaged-files.ts';
import { components } from './components.ts';

export type Template = { readonly path: string; readonly text: string };

/** The texts of all templates by component name, and of the partials by partial name. */
export type Templates = {
  readonly manifests: ReadonlyMap<string, Template>;
  readonly partials: ReadonlyMap<string, Template>;
  /** Files of the user's directory that override nothing. */
  readonly warnings: readonly string[];
};

type Files = Pick<HostFiles, 'readText' | 'list' | 'stat'>;

/** The objects of the addons; each file may hold several documents. */
export const addonNames = ['coredns', 'kube-proxy'] as const;
export type AddonName = (typeof addonNames)[number];
export type AddonTemplates = ReadonlyMap<string, Template>;

const manifestSuffix = '.yaml.hbs';
const partialSuffix = '.hbs';

/**
 * Reads our templates, single ones replaced by those of `directory` (`--templates`), which is laid out as ours is
 * (`manifests/kube-apiserver.yaml.hbs`, `manifests/partials/http-get.hbs`) or has these files directly in it.
 * Throws UsageError when that directory is not there.
 */
export async function readTemplates(host: Files, directory?: string): Promise<Templates> {
  const ours = await readDirectory(packagedFiles(host), 'templates/manifests');
  if (ours.manifests.size === 0) throw new Error('no templates: the installation is incomplete');
  if (directory === undefined) return { ...ours, warnings: [] };
  if ((await host.stat(directory))?.kind !== 'directory') {
    throw new UsageError(`--templates ${directory}: no such directory`, {
      hint: 'give a directory with template files',
    });
  }
  const flat = await readDirectory(host, directory);
  const nested = await readDirectory(host, join(directory, 'manifests'));
  const given = {
    manifests: merged(flat.manifests, nested.manifests),
    partials: merged(flat.partials, nested.partials),
  };
  const known = new Set<string>([...components.map(({ name }) => name), ...addonNames]);
  return {
    manifests: merged(ours.manifests, given.manifests),
    partials: merged(ours.partials, given.partials),
    warnings: [...given.manifests]
      .filter(([name]) => !known.has(name))
      .map(
        ([, { path }]) => `${path} overrides nothing: known templates are ${[...known].join(', ')} (${manifestSuffix})`,
      ),
  };
}

/** The templates of the addons, single ones replaced by `DIR/addons/coredns.yaml.hbs` or `DIR/coredns.yaml.hbs` of `--templates`. */
export async function readAddonTemplates(host: Files, directory?: string): Promise<AddonTemplates> {
  const ours = await readFiles(packagedFiles(host), 'templates/addons', manifestSuffix);
  if (directory === undefined) return ours;
  const flat = await readFiles(host, directory, manifestSuffix);
  return merged(merged(ours, flat), await readFiles(host, join(directory, 'addons'), manifestSuffix));
}

/** The template of the pods' network, or `DIR/cni/bridge.conflist.hbs` or `DIR/bridge.conflist.hbs` of `--templates`. */
export async function readNetworkTemplate(host: Files, directory?: string): Promise<Template> {
  const given = directory === undefined ? [] : [join(directory, 'cni'), directory];
  const places: readonly [PackagedFiles, string][] = [
    ...given.map((place): [PackagedFiles, string] => [host, place]),
    [packagedFiles(host), 'templates/cni'],
  ];
  for (const [from, place] of places) {
    const path = join(place, 'bridge.conflist.hbs');
    const text = await from.readText(path);
    if (text !== undefined) return { path, text };
  }
  throw new Error('no template of the pod network: the installation is incomplete');
}

async function readDirectory(host: PackagedFiles, directory: string): Promise<Omit<Templates, 'warnings'>> {
  const [manifests, partials] = await Promise.all([
    readFiles(host, directory, manifestSuffix),
    readFiles(host, join(directory, 'partials'), partialSuffix),
  ]);
  return { manifests, partials };
}

async function readFiles(
  host: PackagedFiles,
  directory: string,
  suffix: string,
): Promise<ReadonlyMap<string, Template>> {
  const names = ((await host.list(directory)) ?? []).filter((name) => name.endsWith(suffix) && !name.startsWith('.'));
  const files = names.map(async (name): Promise<[string, Template]> => {
    const path = join(directory, name);
    return [name.slice(0, -suffix.length), { path, text: (await host.readText(path)) ?? '' }];
  });
  return new Map(await Promise.all(files));
}

function merged(
  below: ReadonlyMap<string, Template>,
  above: ReadonlyMap<string, Template>,
): ReadonlyMap<string, Template> {
  return new Map([...below, ...above]);
}
