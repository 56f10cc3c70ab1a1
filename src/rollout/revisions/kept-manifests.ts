import { join } from 'node:path';
import { errorsOf } from '../../base/diagnostics.ts';
import { PreflightError } from '../../base/errors.ts';
import type { Paths } from '../../config/paths.ts';
import { componentNames } from '../../health/manifest-files.ts';
import type { HostFiles } from '../../host/host.ts';
import { decodePod } from '../../kube/pod.ts';
import { manifestFile } from '../../manifests/components.ts';
import type { RenderedManifest } from '../../manifests/render.ts';
import type { NewFile } from '../apply/issue-anew.ts';
import type { Change, RolloutPlan } from '../types.ts';
import type { Revision } from './revision.ts';
import type { OldFile } from './revision-files.ts';

/** The manifests that a revision keeps, as if they had just been rendered. Throws PreflightError for one that is no Pod. */
export function keptManifests(
  { number, manifests }: Pick<Revision, 'number' | 'manifests'>,
  { manifestsDir }: Pick<Paths, 'manifestsDir'>,
): readonly RenderedManifest[] {
  return componentNames.flatMap((component): readonly RenderedManifest[] => {
    const text = manifests[component];
    if (text === undefined) return [];
    const file = join(manifestsDir, manifestFile(component));
    const { pod, findings } = decodePod(text, file);
    if (pod !== undefined) return [{ component, file, pod, text, warnings: [] }];
    throw new PreflightError(`the manifest of ${component} in revision ${number} cannot be read`, {
      findings: errorsOf(findings),
    });
  });
}

/** Those of the kept files that are others on the disk now, as they are to be written. */
export async function differingFiles(
  host: Pick<HostFiles, 'readFile'>,
  kept: readonly OldFile[],
): Promise<readonly NewFile[]> {
  const files = await Promise.all(
    kept.map(async ({ path, mode, data }): Promise<readonly NewFile[]> => {
      // What was not there then does no harm now.
      if (data === undefined) return [];
      const now = await host.readFile(path);
      const same = now !== undefined && Buffer.compare(now, data) === 0;
      return same ? [] : [{ path, mode, data: Buffer.from(data).toString() }];
    }),
  );
  return files.flat();
}

/** The same disk with other contents in some files, for reading. */
export function withFiles<T extends Pick<HostFiles, 'readFile' | 'readText'>>(host: T, files: readonly NewFile[]): T {
  const texts = new Map(files.map(({ path, data }) => [path, data]));
  return {
    ...host,
    readFile: async (path: string) => {
      const text = texts.get(path);
      return text === undefined ? host.readFile(path) : Buffer.from(text);
    },
    readText: async (path: string) => texts.get(path) ?? host.readText(path),
  };
}

/** A plan that also says which files come back with the revision; what a component reads of them is in its changes. */
export function withRestoredFiles(plan: RolloutPlan, files: readonly NewFile[], number: number): RolloutPlan {
  const because = `as in revision ${number}`;
  const paths = new Set(files.map(({ path }) => path));
  const components = plan.components.map((component) => ({
    ...component,
    changes: component.changes.map((change) =>
      paths.has(change.name) ? { ...change, because, cause: 'configuration' as const } : change,
    ),
  }));
  const read = new Set(components.flatMap(({ changes }) => changes.map(({ name }) => name)));
  const others = files
    .filter(({ path }) => !read.has(path) && !path.endsWith('.key'))
    .map(({ path }): Change => {
      const what = path.endsWith('.conf') ? 'kubeconfig' : 'certificate';
      return { what, name: path, because, cause: 'configuration' };
    });
  return { ...plan, components, files: [...plan.files, ...others] };
}
