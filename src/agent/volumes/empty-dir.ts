import { dirname } from 'node:path';
import type { Log } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';
import { mountPointsBelow } from '../../host/mount-points.ts';
import { wholeValue } from '../../kube/quantity.ts';
import type { Pod, Volume } from '../../kube/types.ts';
import type { PodContext } from '../containers/pod-context.ts';
import { MountRefusedError, mount } from './mount.ts';
import { giveToGroup } from './ownership.ts';
import { volumePlaces } from './volume-places.ts';

export type EmptyDirHost = Pick<
  Host,
  'stat' | 'list' | 'makeDirectory' | 'createFile' | 'setMode' | 'setOwner' | 'readText' | 'realPath' | 'run' | 'uid'
>;

/**
 * Makes an emptyDir once: a directory that everybody may write to, in memory where the medium says so. On a machine that
 * does not let us mount it is on disk, with a warning. What containers change in it stays until the pod is gone.
 */
export async function prepareEmptyDir(
  { host, log }: { readonly host: EmptyDirHost; readonly log: Log },
  context: PodContext,
  volume: Volume,
): Promise<void> {
  const { pod } = context.desired;
  const path = context.paths.emptyDir(volume.name);
  const ready = volumePlaces(context.paths).emptyDirReady(volume.name);
  const inMemory = volume.emptyDir?.medium === 'Memory';
  const made = (await host.stat(ready)) !== undefined && (await host.stat(path)) !== undefined;
  if (!made) {
    await host.makeDirectory(path, { mode: 0o755 });
    await host.setMode(path, 0o777);
  }
  const told = { host, log: made ? undefined : log };
  const mounted =
    inMemory && context.hasMounts && (await mountMemory(told, path, memorySize(pod, volume, context.node.memoryBytes)));
  // After a reboot the directory is there and the memory is not. What containers use already is theirs.
  if (made && !mounted) return;
  if (!inMemory && volume.emptyDir?.sizeLimit !== undefined) sayUnlimited(log, volume);
  const group = pod.spec.securityContext.fsGroup;
  if (group !== undefined && !(await giveToGroup(host, path, group, { readOnly: false })))
    log.warn(`${path}: fsGroup ${group} is left out, the agent may not give files to it`);
  await host.makeDirectory(dirname(ready), { mode: 0o750 });
  await host.createFile(ready, '');
}

/**
 * How many bytes of memory the volume may hold: its limit and the limit of the whole pod, whichever is smaller; without
 * any half of the machine's memory, the kernel's own default for tmpfs (the kubelet allows all of it, and so a stop).
 */
function memorySize(pod: Pod, volume: Volume, machineBytes: number): number {
  const own = wholeValue(volume.emptyDir?.sizeLimit ?? '') || undefined;
  const limits = pod.spec.containers.map(({ resources }) => wholeValue(resources.limits?.memory ?? '') ?? 0);
  const ofPod =
    wholeValue(pod.spec.resources?.limits?.memory ?? '') ||
    (limits.includes(0) ? undefined : limits.reduce((sum, bytes) => sum + bytes, 0));
  if (own === undefined && ofPod === undefined) return Math.floor(machineBytes / 2);
  return Math.min(own ?? machineBytes, ofPod ?? machineBytes, machineBytes);
}

/** False when it was mounted before, or when we may not. */
async function mountMemory(
  { host, log }: { readonly host: EmptyDirHost; readonly log: Log | undefined },
  path: string,
  bytes: number,
): Promise<boolean> {
  if ((await mountPointsBelow(host, path)).length > 0) return false;
  try {
    await mount(host, ['-t', 'tmpfs', '-o', `size=${bytes},mode=0777`, 'tmpfs', path]);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof MountRefusedError)) throw thrown;
    log?.warn(`${path}: an emptyDir in memory is on disk and has no limit here (${thrown.message})`);
    return false;
  }
}

/** The kubelet measures and evicts, but never a static pod (pkg/kubelet/eviction: "cannot evict a critical pod"). */
function sayUnlimited(log: Log, { name, emptyDir }: Volume): void {
  log.warn(`volume ${name}: sizeLimit ${emptyDir?.sizeLimit} is not enforced on disk for a static pod`);
}
