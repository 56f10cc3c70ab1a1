import type Docker from 'dockerode';
import type { Mount } from '../runtime.ts';

/** A container's mounts in the two forms that Docker has. */
export function mountOptions(mounts: readonly Mount[]): Pick<Docker.HostConfig, 'Binds' | 'Mounts'> {
  return {
    Binds: mounts.filter((mount) => !needsMount(mount)).map(bindOf),
    Mounts: mounts.filter(needsMount).map(mountOf),
  };
}

/** `Binds` makes a missing directory, as dockershim did, but cannot hold a colon, an image or depth. */
function needsMount({ hostPath, containerPath, image, recursiveReadOnly }: Mount): boolean {
  return (
    hostPath.includes(':') || containerPath.includes(':') || image !== undefined || recursiveReadOnly === 'Enabled'
  );
}

function bindOf({ hostPath, containerPath, readOnly, propagation }: Mount): string {
  const flags = [...(readOnly ? ['ro'] : []), ...(propagation === 'private' ? [] : [propagation])];
  return [hostPath, containerPath, ...(flags.length === 0 ? [] : [flags.join(',')])].join(':');
}

function mountOf({ hostPath, containerPath, readOnly, propagation, image, recursiveReadOnly }: Mount) {
  if (image !== undefined) {
    const { reference, subPath } = image;
    // API 1.48; the types of dockerode know it not.
    const options = subPath === undefined ? {} : { ImageOptions: { Subpath: subPath } };
    const mount = { Type: 'image', Source: reference, Target: containerPath, ReadOnly: true, ...options };
    return mount as unknown as Docker.MountSettings;
  }
  const Propagation = propagation === 'private' ? ('rprivate' as const) : propagation;
  const deep = recursiveReadOnly === 'Enabled' ? { ReadOnlyForceRecursive: true } : {};
  const BindOptions = { Propagation, ...deep };
  return { Type: 'bind' as const, Source: hostPath, Target: containerPath, ReadOnly: readOnly, BindOptions };
}
