import { basename, dirname, join } from 'node:path';
import { removeUnmounted } from '../../host/mount-points.ts';
import type { ObservedContainer, PodIdentity } from '../../runtime/runtime.ts';
import { containerLogLink, podPaths } from '../home/pod-paths.ts';
import type { StartDoors } from './start-container.ts';

/** Removes a container and its log, also what rotation made of it. `container`: as far as it was observed. */
export async function removeContainer(
  { host, runtime, paths }: StartDoors,
  id: string,
  container: ObservedContainer | undefined,
): Promise<void> {
  await runtime.removeContainer(id);
  if (container === undefined) return;
  await host.remove(containerLogLink(paths, container.pod, container));
  const dir = dirname(container.logPath);
  const own = basename(container.logPath);
  const names = ((await host.list(dir)) ?? []).filter((name) => name === own || name.startsWith(`${own}.`));
  for (const name of names) await host.remove(join(dir, name));
}

/** Removes what a pod left on the disk, and what is remembered of it. */
export async function removePodFiles({ host, paths, images, states }: StartDoors, pod: PodIdentity): Promise<void> {
  const { dir, logDir } = podPaths(paths, pod);
  await removeUnmounted(host, dir);
  await host.remove(logDir, { recursive: true });
  images.forget(pod.uid);
  states.forget(pod.uid);
}
