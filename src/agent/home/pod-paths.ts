import { join } from 'node:path';
import type { PodIdentity } from '../../runtime/runtime.ts';
import type { AgentPaths } from './paths.ts';

type PodPathRoots = Pick<AgentPaths, 'kubeletDir' | 'podLogsDir' | 'containerLogsDir'>;

/** Where things of one pod are kept: the kubelet's own places (kubelet.md 2.6, 2.8). */
export type PodPaths = {
  /** `/var/lib/kubelet/pods/<uid>`. */
  readonly dir: string;
  readonly logDir: string;
  emptyDir(volume: string): string;
  containerDir(container: string): string;
  terminationLog(container: string, attempt: number): string;
  containerLogDir(container: string): string;
  containerLog(container: string, attempt: number): string;
};

export function podPaths(roots: PodPathRoots, pod: PodIdentity): PodPaths {
  const dir = join(roots.kubeletDir, 'pods', pod.uid);
  const logDir = join(roots.podLogsDir, `${pod.namespace}_${pod.name}_${pod.uid}`);
  return {
    dir,
    logDir,
    emptyDir: (volume) => join(dir, 'volumes', 'kubernetes.io~empty-dir', volume),
    containerDir: (container) => join(dir, 'containers', container),
    terminationLog: (container, attempt) => join(dir, 'containers', container, `${attempt}.termination-log`),
    containerLogDir: (container) => join(logDir, container),
    containerLog: (container, attempt) => join(logDir, container, `${attempt}.log`),
  };
}

/** `/var/log/containers/<pod>_<ns>_<container>-<id>.log`, the file name cut to 255 characters as the kubelet does. */
export function containerLogLink(
  roots: PodPathRoots,
  pod: PodIdentity,
  container: { name: string; id: string },
): string {
  const body = `${pod.name}_${pod.namespace}_${container.name}-${container.id}`.slice(0, 251);
  return join(roots.containerLogsDir, `${body}.log`);
}
