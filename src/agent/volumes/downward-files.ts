import { normalize } from 'node:path';
import type { DownwardFile, Pod, Volume } from '../../kube/types.ts';
import type { PodContext } from '../containers/pod-context.ts';
import { fieldValue } from '../env/field-ref.ts';
import { resourceValue } from '../env/resource-ref.ts';

/** A file of a volume: `path` in it. */
export type VolumeFile = { readonly path: string; readonly data: string; readonly mode: number };

const defaultMode = 0o644;

/** The files of a downwardAPI volume, or of a projected one of such sources. Throws for a reference to nothing. */
export function downwardFiles({ desired, node }: PodContext, volume: Volume): readonly VolumeFile[] {
  const { downwardAPI, projected } = volume;
  const items = [
    ...(downwardAPI?.items ?? []),
    ...(projected?.sources ?? []).flatMap((source) => source.downwardAPI?.items ?? []),
  ];
  const mode = downwardAPI?.defaultMode ?? projected?.defaultMode ?? defaultMode;
  return items.map((item) => ({
    path: normalize(item.path),
    data: dataOf(desired.pod, item, node),
    mode: item.mode ?? mode,
  }));
}

function dataOf(pod: Pod, { path, fieldRef, resourceFieldRef }: DownwardFile, node: PodContext['node']): string {
  if (fieldRef !== undefined) return fieldValue(pod, fieldRef.fieldPath, { hostIPs: [], podIPs: [] });
  const [first] = pod.spec.containers;
  if (resourceFieldRef === undefined || first === undefined) throw new Error(`${path} refers to nothing`);
  return resourceValue(pod, first, resourceFieldRef, node);
}
