import { annotations } from '../../runtime/labels.ts';
import type { ObservedContainer } from '../../runtime/runtime.ts';
import { agentAnnotations } from '../labels.ts';
import type { PodAction, StopContainer } from './actions.ts';
import type { Instance } from './instance.ts';
import { mayRun } from './instance.ts';

const defaultGraceSeconds = 30;

/** Stops what runs, each with the grace its own labels say: the manifest may be gone. Sidecars last. */
export function planStops(containers: readonly ObservedContainer[], because: string): StopContainer[] {
  return containers
    .filter(mayRun)
    .map((container) => stopOf(container, because))
    .sort((a, b) => a.order - b.order);
}

/** One stop; `graceSeconds` overrides the pod's. */
export function stopOf(container: ObservedContainer, because: string, graceSeconds?: number): StopContainer {
  const { id, name } = container;
  const order = Number(container.annotations[agentAnnotations.stopOrder] ?? 0) || 0;
  return { do: 'stop-container', id, name, graceSeconds: graceSeconds ?? graceOf(container), order, because };
}

/** Stops and removes an instance altogether; `keepFiles` when another one of the same UID follows. */
export function planTeardown(instance: Instance, because: string, keepFiles: boolean): PodAction[] {
  const { sandboxes, containers } = instance;
  return [
    ...planStops(containers, because),
    ...sandboxes.map(({ id }) => ({ do: 'stop-sandbox' as const, id, because })),
    ...containers.map(({ id, name }) => ({ do: 'remove-container' as const, id, name, because })),
    ...sandboxes.map(({ id }) => ({ do: 'remove-sandbox' as const, id, because })),
    ...(keepFiles ? [] : [{ do: 'remove-pod-files' as const, uid: instance.pod.uid, because }]),
  ];
}

function graceOf(container: ObservedContainer): number {
  const noted = Number.parseInt(container.annotations[annotations.podTerminationGracePeriod] ?? '', 10);
  return Number.isNaN(noted) ? defaultGraceSeconds : noted;
}
