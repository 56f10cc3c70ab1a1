import { join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { renderConfig } from '../../config/print.ts';
import type { Config } from '../../config/types.ts';
import type { HostFiles } from '../../host/host.ts';
import { kubeconfigs } from '../../kubeconfig/kubeconfigs.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { componentsOf, manifestFile } from '../../manifests/components.ts';
import { readPatchTexts } from '../../manifests/patches.ts';
import { hashFiles, hashMountedFiles } from '../plan/file-hashes.ts';
import { readFingerprints } from './fingerprints.ts';
import type { FileHashes, RevisionContent } from './revision.ts';

type Input = {
  readonly config: Config;
  readonly paths: Paths;
  readonly templatesDirectory?: string | undefined;
  /** The patches that the manifests were rendered with; default: those that the configuration names. */
  readonly patchesDirectory?: string | undefined;
  /** What it wants in the cluster. */
  readonly objects?: RevisionContent['objects'] | undefined;
  /** The manifests that the revision is about; default: those on the disk. */
  readonly manifests?: RevisionContent['manifests'];
};

/** What the control plane on this disk is, or is about to be. */
export async function gatherRevision(
  host: Pick<HostFiles, 'readFile' | 'readText' | 'stat' | 'list'>,
  input: Input,
): Promise<RevisionContent> {
  const { config, paths, templatesDirectory, objects, patchesDirectory = config.init.patchesDirectory } = input;
  const [certificates, manifests, patches] = await Promise.all([
    readFingerprints(host, input),
    input.manifests ?? manifestsOnDisk(host, config, paths),
    patchesDirectory === undefined ? {} : readPatchTexts(host, patchesDirectory),
  ]);
  const hashes = await Promise.all(
    componentsOf(config).map(async ({ name }) => {
      const text = manifests[name];
      return text === undefined ? [] : [[name, await hashMountedFiles(host, text, paths)] as const];
    }),
  );
  const mounted = Object.fromEntries(hashes.flat());
  return {
    configuration: configurationText(config),
    kubernetesVersion: config.cluster.kubernetesVersion,
    manifests,
    certificates,
    files: { ...mounted, none: await hashUnmounted(host, { paths, certificates, mounted }) },
    ...(objects === undefined ? {} : { objects }),
    ...(templatesDirectory === undefined ? {} : { templatesDirectory }),
    ...(Object.keys(patches).length === 0 ? {} : { patches }),
  };
}

/** The configuration without its secrets, and without what is true of one run only. */
export function configurationText(config: Config): string {
  const nodeRegistration = { ...config.init.nodeRegistration, ignorePreflightErrors: [] };
  const ofThisRun = { bootstrapTokens: [], certificateKey: undefined, skipPhases: [], dryRun: false };
  const init = { ...config.init, ...ofThisRun, nodeRegistration };
  return renderConfig({ ...config, init });
}

/** The manifests of this configuration's components as they are in the static pod directory. */
async function manifestsOnDisk(
  host: Pick<HostFiles, 'readText'>,
  config: Config,
  { manifestsDir }: Pick<Paths, 'manifestsDir'>,
): Promise<RevisionContent['manifests']> {
  const read = componentsOf(config).map(async ({ name }): Promise<readonly (readonly [ComponentName, string])[]> => {
    const text = await host.readText(join(manifestsDir, manifestFile(name)));
    return text === undefined ? [] : [[name, text]];
  });
  return Object.fromEntries((await Promise.all(read)).flat());
}

/** Certificates and kubeconfigs that no component mounts. */
async function hashUnmounted(
  host: Pick<HostFiles, 'readFile' | 'stat'>,
  { paths, certificates, mounted }: Pick<RevisionContent, 'certificates'> & { paths: Paths; mounted: FileHashes },
): Promise<Readonly<Record<string, string>>> {
  const known = new Set(Object.values(mounted).flatMap((hashes) => Object.keys(hashes)));
  const all = [...certificates.map(({ path }) => path), ...kubeconfigs.map((spec) => spec.path(paths))];
  return hashFiles(
    host,
    all.filter((path) => !known.has(path)),
  );
}
