import { join } from 'node:path';
import type { PodPaths } from '../home/pod-paths.ts';

/** Where things of a pod's volumes are, in the pod's own directory: the kubelet's places (pkg/kubelet/kubelet_getters.go). */
export function volumePlaces({ dir }: Pick<PodPaths, 'dir'>) {
  return {
    /** Says that the pod's directory was made by an agent of ours, so that it may be cleared away. */
    ownMark: join(dir, 'kube-bootstrap'),
    etcHosts: join(dir, 'etc-hosts'),
    downwardApi: (volume: string) => join(dir, 'volumes', 'kubernetes.io~downward-api', volume),
    projected: (volume: string) => join(dir, 'volumes', 'kubernetes.io~projected', volume),
    /** There once an emptyDir has been made, so that what containers did to it stays. */
    emptyDirReady: (volume: string) => join(dir, 'plugins', 'kubernetes.io~empty-dir', volume, 'ready'),
    subPath: (volume: string, container: string, index: number) =>
      join(dir, 'volume-subpaths', volume, container, String(index)),
  };
}
