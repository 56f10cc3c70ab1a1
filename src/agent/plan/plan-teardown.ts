import { annotations } from '../../runtime/labels.ts';
import type { ObservedContainer, ObservedSandbox } from '../../runtime/runtime.ts';
import { agentAnnotations } from '../labels.ts';
import type { PodAction, StopContainer } from './actions.ts';
import type { RestartAfterStop } from './facts.ts';
import { type Instance, mayRun } from './instance.ts';

const defaultGraceSeconds = 30;

type StopHow = { readonly graceSeconds?: number | undefined; readonly restart?: RestartAfterStop | undefined };

/** Stops what runs, each with the grace its own labels say: the manifest may be gone. Sidecars last. */
export function planStops(
  containers: readonly ObservedContainer[],
  because: string,
  howOf: (container: ObservedContainer) => StopHow = () => ({}),
): StopContainer[] {
  return containers
    .filter(mayRun)
    .map((container) => stopOf(container, because, howOf(container)))
    .sort((a, b) => a.order - b.order);
}

/** One stop; `graceSeconds` overrides the pod's, `restart` is to be remembered. */
export function stopOf(container: ObservedContainer, because: string, how: StopHow = {}): StopContainer {
  const { id, name } = container;
  const order = Number(container.annotations[agentAnnotations.stopOrder] ?? 0) || 0;
  const graceSeconds = how.graceSeconds ?? graceOf(container);
  const restart = how.restart === undefined ? {} : { restart: how.restart };
  return { do: 'stop-container', id, name, graceSeconds, order, ...restart, because };
}

/** Ends the sandboxes that stand. */
export function stopSandboxes(sandboxes: readonly ObservedSandbox[], because: string): PodAction[] {
  return sandboxes.filter(({ ready }) => ready).map(({ id }) => ({ do: 'stop-sandbox', id, because }));
}

/** Stops instances altogether, all at the same time; nothing when nothing of them runs. */
export function planHalt(instances: readonly Instance[], because: string): PodAction[] {
  const containers = instances.flatMap((instance) => instance.containers);
  const sandboxes = instances.flatMap((instance) => instance.sandboxes);
  return [...planStops(containers, because), ...stopSandboxes(sandboxes, because)];
}

/**
 * Removes an instance that has been stopped; `keepFiles` when another one of the same UID follows. Planned from a look of
 * its own, so that a manifest that came back meanwhile finds the records.
 */
export function planRemoval(instance: Instance, because: string, keepFiles: boolean): PodAction[] {
  const { sandboxes, containers } = instance;
  return [
    ...containers.map(({ id, name }) => ({ do: 'remove-container' as const, id, name, because })),
    ...sandboxes.map(({ id }) => ({ do: 'remove-sandbox' as const, id, because })),
    ...(keepFiles ? [] : [{ do: 'remove-pod-files' as const, uid: instance.pod.uid, because }]),
  ];
}

function graceOf(container: ObservedContainer): number {
  const noted = Number.parseInt(container.annotations[annotations.podTerminationGracePeriod] ?? '', 10);
  return Number.isNaN(noted) ? defaultGraceSeconds : noted;
}
