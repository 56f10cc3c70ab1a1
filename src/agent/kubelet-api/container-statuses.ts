import type { ContainerStatus, Pod } from '../../kube/types.ts';

/** Of all containers of a pod, main ones first. */
export function containerStatuses({ status }: Pick<Pod, 'status'>): readonly ContainerStatus[] {
  return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
}

/** The runtime's own ID of a container: its status has it as `docker://ID`. */
export function runtimeId({ containerID = '' }: ContainerStatus): string {
  return containerID.replace(/^.*:\/\//, '');
}
