import { readPlace } from '../../runtime/place.ts';
import type { ObservedContainer, RuntimeType } from '../../runtime/runtime.ts';

/** The runtime that a container is in: the agent's own, or one that pods move out of. */
export function runtimeTypeOf({ former }: Pick<ObservedContainer, 'former'>, own: RuntimeType): RuntimeType {
  return (former === undefined ? undefined : readPlace(former)?.type) ?? own;
}

/** `containerID` of a container status: what runs it, a CRI runtime by its own name, and the container's id. */
export function containerId(
  container: Pick<ObservedContainer, 'id' | 'former' | 'runtimeName'>,
  own: RuntimeType,
): string {
  return `${container.runtimeName ?? runtimeTypeOf(container, own)}://${container.id}`;
}
