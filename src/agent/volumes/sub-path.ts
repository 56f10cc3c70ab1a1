import { dirname, isAbsolute } from 'node:path';
import type { HeldPath, Host } from '../../host/host.ts';
import { mountPointsBelow } from '../../host/mount-points.ts';
import type { VolumeMount } from '../../kube/types.ts';
import { expandKnown } from '../env/expand.ts';
import { MountRefusedError, mount } from './mount.ts';

export type SubPathHost = Pick<
  Host,
  'holdInside' | 'stat' | 'makeDirectory' | 'createFile' | 'readText' | 'realPath' | 'run' | 'uid'
>;

/** The part of its volume that a mount shows, '' for all of it. Throws for one that leads out of the volume. */
export function subPathOf(
  { subPath = '', subPathExpr = '', mountPath }: VolumeMount,
  variables: ReadonlyMap<string, string>,
): string {
  const path =
    subPathExpr === '' ? subPath : expandKnown(subPathExpr, variables, `volumeMount ${mountPath}: subPathExpr`);
  if (isAbsolute(path)) throw new Error(`volumeMount ${mountPath}: subPath ${path} must not be an absolute path`);
  if (path.split('/').includes('..')) {
    throw new Error(`volumeMount ${mountPath}: subPath ${path} must not hold '..', it leads out of its volume`);
  }
  return path;
}

/**
 * Mounts a part of a volume at a place of the agent's own, and returns that place for the container. What is mounted is
 * what was found inside the volume, whatever a container makes of the names meanwhile (kubelet pkg/volume/util/subpath);
 * a missing part is made as a directory with the volume's mode.
 */
export async function bindSubPath(
  host: SubPathHost,
  { volume, subPath, target }: { readonly volume: string; readonly subPath: string; readonly target: string },
): Promise<string> {
  const info = await host.stat(volume);
  if (info === undefined) throw new Error(`subPath ${subPath}: its volume is not there`);
  try {
    return await host.holdInside(volume, subPath, { makeMissing: info.mode & 0o2777 }, (held) =>
      bindHeld(host, held, target),
    );
  } catch (thrown) {
    const why =
      thrown instanceof MountRefusedError ? 'it must be mounted, and this machine does not let us' : undefined;
    throw new Error(`subPath ${subPath} cannot be used${why === undefined ? '' : `: ${why}`}`, { cause: thrown });
  }
}

async function bindHeld(host: SubPathHost, held: HeldPath, target: string): Promise<string> {
  const isMounted = (await mountPointsBelow(host, target)).includes((await host.realPath(target)) ?? target);
  if (isMounted) {
    if (await isSame(host, held.path, target)) return target;
    const { code, stderr } = await host.run('umount', ['--lazy', target], { timeoutMs: 10_000 });
    if (code !== 0) throw new Error(`${target} cannot be unmounted: ${stderr.trim()}`);
  }
  if (held.isDirectory) await host.makeDirectory(target, { mode: 0o750 });
  else {
    await host.makeDirectory(dirname(target), { mode: 0o750 });
    await host.createFile(target, '', { mode: 0o640 });
  }
  await mount(host, ['--no-canonicalize', '--bind', held.path, target]);
  return target;
}

async function isSame(host: SubPathHost, a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([host.stat(a), host.stat(b)]);
  return one !== undefined && one.inode === other?.inode && one.device === other.device;
}
