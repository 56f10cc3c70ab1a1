import { annotations } from '../../runtime/labels.ts';
import type { ObservedContainer, ObservedPod, ObservedSandbox, PodIdentity } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';

/** What exists of one pod in the runtime; newest attempts first. */
export type Instance = {
  readonly pod: PodIdentity;
  readonly sandboxes: readonly ObservedSandbox[];
  readonly containers: readonly ObservedContainer[];
};

/** What exists under a pod's name, parted into the desired pod itself and all that is not it. */
export function partInstances(
  desired: DesiredPod | undefined,
  observed: readonly ObservedPod[],
): { readonly own: Instance | undefined; readonly others: readonly Instance[] } {
  if (desired === undefined) return { own: undefined, others: observed.filter(holdsAnything) };
  const sameUid = observed.find(({ pod }) => pod.uid === desired.uid);
  const others: Instance[] = observed.filter(({ pod }) => pod.uid !== desired.uid);
  if (sameUid === undefined) return { own: undefined, others: others.filter(holdsAnything) };
  const isOwn = ({ annotations: own }: { readonly annotations: ObservedSandbox['annotations'] }) =>
    (own[annotations.configHash] ?? desired.hash) === desired.hash;
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
