import type { Paths } from '../../config/paths.ts';
import { readManifests } from '../../health/manifest-files.ts';
import type { HostFiles } from '../../host/host.ts';
import { decodePod } from '../../kube/pod.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { fileFlags } from '../plan/file-flags.ts';
import type { Recovery } from './recovery.ts';

/** A component that may run by files that were taken back under it. */
export type StaleComponent = { readonly component: ComponentName; readonly file: string };

/**
 * The components that read files only at their start which a recovery has put back, though their manifests are as they
 * were: one that started since has to start again, or it is neither old nor new.
 */
export async function staleAfter(
  host: Pick<HostFiles, 'readText'>,
  paths: Pick<Paths, 'manifestsDir'>,
  { restored, since }: Pick<Recovery, 'restored' | 'since'>,
  startedAtMs: (component: ComponentName) => number | undefined,
): Promise<readonly StaleComponent[]> {
  if (since === undefined || restored.length === 0) return [];
  const manifests = await readManifests(host, paths);
  return manifests.flatMap(({ component, file, text }) => {
    const started = startedAtMs(component);
    if (restored.includes(file) || started === undefined || started < Date.parse(since)) return [];
    const { pod } = decodePod(text, file);
    const flags = pod === undefined ? [] : fileFlags(component, pod);
    const stale = flags.some(({ path, reload }) => reload === 'restart' && restored.includes(path));
    return stale ? [{ component, file }] : [];
  });
}
