import { annotations } from '../../runtime/labels.ts';
import type { ObservedContainer, ObservedPod, ObservedSandbox, PodIdentity } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';

/** What exists of one pod in the runtime; newest attempts first. */
export type Instance = {
  readonly pod: PodIdentity;
  /** Another owner's: never the desired pod itself, whatever its UID. */
  readonly foreign?: true;
  readonly sandboxes: readonly ObservedSandbox[];
  readonly containers: readonly ObservedContainer[];
};

/**
 * What exists under a pod's name, parted into the desired pod itself and all that is not it. What is in another runtime
 * than the pod belongs in is not it; `former`: it belongs in this former one.
 */
export function partInstances(
  desired: DesiredPod | undefined,
  observed: readonly ObservedPod[],
  former?: string,
): { readonly own: Instance | undefined; readonly others: readonly Instance[] } {
  if (desired === undefined) return { own: undefined, others: observed.filter(holdsAnything) };
  const sameUid = observed.find(({ pod, foreign }) => pod.uid === desired.uid && foreign !== true);
  const others: Instance[] = observed.filter((seen) => seen !== sameUid);
  if (sameUid === undefined) return { own: undefined, others: others.filter(holdsAnything) };
  const isOwn = (thing: Pick<ObservedSandbox, 'annotations' | 'former'>) =>
    (thing.annotations[annotations.configHash] ?? desired.hash) === desired.hash && thing.former === former;
  const part = (keep: (thing: ObservedSandbox | ObservedContainer) => boolean): Instance => ({
    pod: sameUid.pod,
    sandboxes: sameUid.sandboxes.filter(keep),
    containers: sameUid.containers.filter(keep),
  });
  others.push(part((thing) => !isOwn(thing)));
  return { own: part(isOwn), others: others.filter(holdsAnything) };
}

/** The newest container of a name. */
export function newest(containers: readonly ObservedContainer[], name: string): ObservedContainer | undefined {
  return containers
    .filter((container) => container.name === name)
    .reduce<ObservedContainer | undefined>(
      (best, container) => (best === undefined || container.attempt > best.attempt ? container : best),
      undefined,
    );
}

/** The container of a name that counts, whatever its sandbox: one that may run, else the newest. */
export function latest(containers: readonly ObservedContainer[], name: string): ObservedContainer | undefined {
  const running = containers.filter(mayRun);
  return newest(running, name) ?? newest(containers, name);
}

/** Whether it runs, or may run for all we know. */
export function mayRun(container: ObservedContainer): boolean {
  return container.state === 'running' || container.state === 'unknown';
}

function holdsAnything(instance: Instance): boolean {
  return instance.sandboxes.length > 0 || instance.containers.length > 0;
}
