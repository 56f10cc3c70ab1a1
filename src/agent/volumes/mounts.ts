import { join } from 'node:path';
import type { Volume, VolumeMount } from '../../kube/types.ts';
import type { Mount } from '../../runtime/runtime.ts';

const propagations = { None: 'private', HostToContainer: 'rslave', Bidirectional: 'rshared' } as const;

/** Where a volume mount's files are: on the machine, or in an image. */
export type MountPlace = { readonly hostPath: string } | { readonly image: NonNullable<Mount['image']> };

/** A volume mount as the runtime gets it. What the kubelet writes itself is read-only always. */
export function mountOf(mount: VolumeMount, volume: Volume, place: MountPlace): Mount {
  const { mountPath, mountPropagation = 'None', recursiveReadOnly = 'Disabled' } = mount;
  const isOurs = volume.downwardAPI !== undefined || volume.projected !== undefined || volume.image !== undefined;
  const readOnly = (mount.readOnly ?? false) || isOurs;
  return {
    hostPath: '',
    ...place,
    // The kubelet takes a relative one as one from the root (volumeutil.MakeAbsolutePath).
    containerPath: join('/', mountPath),
    readOnly,
    propagation: propagations[mountPropagation],
    ...(recursiveReadOnly === 'Disabled' || !readOnly ? {} : { recursiveReadOnly }),
  };
}
