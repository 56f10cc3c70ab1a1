import type { ContainerStatus, Pod } from '../../../src/kube/types.ts';

/** A container's status, main, init or sidecar. */
export function statusOf(pod: Pod | undefined, name: string): ContainerStatus {
  const { containerStatuses = [], initContainerStatuses = [] } = pod?.status ?? {};
  const found = [...initContainerStatuses, ...containerStatuses].find((status) => status.name === name);
  if (found === undefined) throw new Error(`pod ${pod?.metadata.name} has no status of ${name}`);
  return found;
}

/** The id in the runtime. */
export function idOf(pod: Pod | undefined, name: string): string {
  return statusOf(pod, name).containerID?.replace(/^\w+:\/\//, '') ?? '';
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Whether the container runs and was restarted so often. */
export function isRestarted(pod: Pod, name: string, restarts: number): boolean {
  const { restartCount, state } = statusOf(pod, name);
  return restartCount === restarts && state.running !== undefined;
}

/** What a restart of the agent must not change of a container. */
export function lookOf(pod: Pod | undefined, name: string) {
  const { ready, started, restartCount } = statusOf(pod, name);
  return { id: idOf(pod, name), ready, started, restartCount };
}
