import type { Pod } from '../../kube/types.ts';
import type { ObservedContainer } from '../../runtime/runtime.ts';
import { newest } from './instance.ts';
import { initRestartsAfter, isSidecar, restartsAfter } from './restart-policy.ts';

/** Whether the pod has come to its end: an init container failed for good, or all main containers ended for good. */
export function isOver(pod: Pod, containers: readonly ObservedContainer[]): boolean {
  return initFailed(pod, containers) || mainsEnded(pod, containers);
}

/** Whether an ordinary init container failed and is not tried again. Once a main container was made they count no more. */
export function initFailed(pod: Pod, containers: readonly ObservedContainer[]): boolean {
  if (pod.spec.containers.some(({ name }) => newest(containers, name) !== undefined)) return false;
  return (pod.spec.initContainers ?? [])
    .filter((container) => !isSidecar(container))
    .some((container) => {
      const seen = newest(containers, container.name);
      return seen?.state === 'exited' && seen.exitCode !== 0 && !initRestartsAfter(pod, container, seen.exitCode);
    });
}

function mainsEnded(pod: Pod, containers: readonly ObservedContainer[]): boolean {
  return pod.spec.containers.every((container) => {
    const seen = newest(containers, container.name);
    return seen?.state === 'exited' && !restartsAfter(pod, container, seen.exitCode);
  });
}
