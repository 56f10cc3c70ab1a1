import { isAbsolute, join, normalize } from 'node:path';
import type { VolumeMount } from '../../kube/types.ts';
import type { Mount } from '../../runtime/runtime.ts';
import { expandVariables } from '../env/expand.ts';
import type { VolumePaths } from './prepare-volumes.ts';

const propagations = { None: 'private', HostToContainer: 'rslave', Bidirectional: 'rshared' } as const;

/** What is mounted into a container. `variables`: its environment, for `subPathExpr`. Throws for a subPath that leads out. */
export function containerMounts(
  mounts: readonly VolumeMount[],
  volumes: VolumePaths,
  variables: ReadonlyMap<string, string>,
): readonly Mount[] {
  return mounts.map((mount) => {
    const volume = volumes.get(mount.name);
    if (volume === undefined) throw new Error(`volumeMount ${mount.mountPath}: there is no volume ${mount.name}`);
    return {
      hostPath: join(volume, subPathOf(mount, variables)),
      containerPath: mount.mountPath,
      readOnly: mount.readOnly ?? false,
      propagation: propagations[mount.mountPropagation ?? 'None'],
    };
  });
}

function subPathOf({ subPath, subPathExpr, mountPath }: VolumeMount, variables: ReadonlyMap<string, string>): string {
  if (subPathExpr === undefined) return safe(subPath ?? '', mountPath);
  const expanded = expandVariables(subPathExpr, variables);
  const [missing] = /\$\([^()]*\)/.exec(expanded) ?? [];
  if (missing !== undefined)
    throw new Error(`volumeMount ${mountPath}: subPathExpr refers to ${missing}, which is not set`);
  return safe(expanded, mountPath);
}

function safe(subPath: string, mountPath: string): string {
  if (isAbsolute(subPath) || normalize(subPath).split('/').includes('..')) {
    throw new Error(`volumeMount ${mountPath}: subPath ${subPath} leads out of its volume`);
  }
  return subPath;
}
