import type { PodAction } from './actions.ts';
import { type Instance, newest } from './instance.ts';

/**
 * Removes the dead containers but the newest of each name (it tells the exit code, the back-off and the previous log),
 * those that were made and are never going to be started, and sandboxes that are over and empty (kuberuntime_gc.go).
 */
export function planGarbage(own: Instance, currentSandboxId: string | undefined): PodAction[] {
  const dead = own.containers.filter(({ state }) => state === 'exited');
  const stillborn = own.containers.filter(
    (container) =>
      container.state === 'created' &&
      (container.sandboxId !== currentSandboxId || newest(own.containers, container.name)?.id !== container.id),
  );
  const superseded = [...dead.filter((container) => newest(dead, container.name)?.id !== container.id), ...stillborn];
  const left = own.containers.filter((container) => !superseded.includes(container));
  const [last] = own.sandboxes;
  const empty = own.sandboxes.filter(
    (sandbox) =>
      !sandbox.ready &&
      sandbox.id !== currentSandboxId &&
      sandbox.id !== last?.id &&
      !left.some((container) => container.sandboxId === sandbox.id),
  );
  const because = 'a newer one is there';
  return [
    ...superseded.map(({ id, name }) => ({ do: 'remove-container' as const, id, name, because })),
    ...empty.map(({ id }) => ({ do: 'remove-sandbox' as const, id, because })),
  ];
}
