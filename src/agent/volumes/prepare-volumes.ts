import type { HostFiles } from '../../host/host.ts';
import type { Pod, Volume } from '../../kube/types.ts';
import type { PodPaths } from '../pod-paths.ts';
import { prepareHostPath } from './host-path.ts';

type VolumeHost = Pick<HostFiles, 'stat' | 'makeDirectory' | 'createFile' | 'setMode'>;

/** Where each volume of a pod is on the machine, by its name. */
export type VolumePaths = ReadonlyMap<string, string>;

/** The kinds of volume that are known here; each names where it is and makes it ready. */
const kinds: readonly {
  readonly member: string;
  path(volume: Volume, paths: PodPaths): string;
  prepare(host: VolumeHost, volume: Volume, path: string): Promise<void>;
}[] = [
  {
    member: 'hostPath',
    path: ({ hostPath }) => hostPath?.path ?? '',
    prepare: (host, { hostPath }, path) => prepareHostPath(host, path, hostPath?.type ?? ''),
  },
  {
    member: 'emptyDir',
    path: ({ name }, paths) => paths.emptyDir(name),
    prepare: async (host, _volume, path) => {
      await host.makeDirectory(path, { mode: 0o755 });
      await host.setMode(path, 0o777);
    },
  },
];

/** Where the volumes of a pod are. Throws for a kind that cannot be used here. */
export function volumePaths(pod: Pod, paths: PodPaths): VolumePaths {
  return new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, kindOf(volume).path(volume, paths)]));
}

/** Why volumes of this pod cannot be used, one text each. */
export function volumeRefusals(pod: Pod): readonly string[] {
  return (pod.spec.volumes ?? [])
    .filter((volume) => kinds.every(({ member }) => volume[member] === undefined))
    .map((volume) => refusal(volume));
}

/** Makes the volumes of a pod ready for its containers; throws when one cannot be. */
export async function prepareVolumes(host: VolumeHost, pod: Pod, paths: PodPaths): Promise<void> {
  for (const volume of pod.spec.volumes ?? []) {
    const kind = kindOf(volume);
    try {
      await kind.prepare(host, volume, kind.path(volume, paths));
    } catch (thrown) {
      throw new Error(`volume ${volume.name} is not ready`, { cause: thrown });
    }
  }
}

function kindOf(volume: Volume): (typeof kinds)[number] {
  const kind = kinds.find(({ member }) => volume[member] !== undefined);
  if (kind === undefined) throw new Error(refusal(volume));
  return kind;
}

function refusal(volume: Volume): string {
  const kind = Object.keys(volume).find((member) => member !== 'name') ?? 'unknown';
  const known = kinds.map(({ member }) => member).join(', ');
  return `volume ${volume.name}: volumes of the kind ${kind} are not supported (${known} are)`;
}
