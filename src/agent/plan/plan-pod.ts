import type { ObservedPod } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';
import type { PodAction, PodPlan } from './actions.ts';
import type { PodFacts } from './facts.ts';
import { type Instance, mayRun, partInstances } from './instance.ts';
import { hindranceOf, planOwn } from './plan-sandbox.ts';
import { planImages } from './plan-start.ts';
import { planHalt, planRemoval } from './plan-teardown.ts';
import { podOver } from './pod-end.ts';

/**
 * What is to be done so that what exists under a pod's name becomes what is desired under it. Pure: everything it needs
 * is in its arguments. An empty list of actions means that all is as it should be, or that there is something to wait
 * for (`waiting`).
 */
export function planPod(desired: DesiredPod | undefined, observed: readonly ObservedPod[], facts: PodFacts): PodPlan {
  const { own, others: all } = partInstances(desired, observed, facts.former);
  if (desired === undefined) return { actions: planGone(all) };
  // One of the same UID has the names that the desired one needs: it cannot be kept.
  const others = all.filter(({ pod }) => pod.uid === desired.uid || pod.uid !== facts.keptUid);
  const live = others.filter(isLive);
  const mine = own ?? { pod: identityOf(desired), sandboxes: [], containers: [] };
  return live.length > 0
    ? planTakeOver(desired, mine, { live, others, facts })
    : planBesideDead(desired, mine, { others, facts });
}

/** In two looks: a manifest that comes back while its pod is being stopped finds the records (restartCount goes on). */
function planGone(others: readonly Instance[]): PodAction[] {
  const because = 'its manifest is gone';
  const halts = planHalt(others, because);
  if (others.some(isLive)) return halts;
  return [...halts, ...others.flatMap((other) => planRemoval(other, because, false))];
}

const newSandbox: PodAction = {
  do: 'create-sandbox',
  attempt: 0,
  because: 'its place is made ready while the old pod stops',
};

/**
 * The old pod is stopped before the new one starts, but not before the new one can: images are there, nothing refuses.
 * What follows is planned from a fresh look: the manifest may have changed again while the old pod stopped.
 */
function planTakeOver(
  desired: DesiredPod,
  own: Instance,
  {
    live,
    others,
    facts,
  }: { readonly live: readonly Instance[]; readonly others: readonly Instance[]; readonly facts: PodFacts },
): PodPlan {
  if (facts.notYet !== undefined) return { actions: [], waiting: `the old pod runs on: ${facts.notYet}` };
  const halts = planHalt(live, whyOther(live));
  const inUse = live.some(({ containers }) => containers.some(mayRun)) && !own.containers.some(mayRun);
  if (!inUse) return { actions: halts };
  const hindrance = hindranceOf(facts);
  if (hindrance !== undefined) {
    return { actions: [], ...hindrance, waiting: `the old pod runs on: the new one ${hindrance.waiting}` };
  }
  const { initContainers = [], containers } = desired.pod.spec;
  const images = planImages([...initContainers, ...containers], facts);
  if (images.waiting !== undefined) return { ...images, waiting: `the old pod runs on: ${images.waiting}` };
  if (images.actions.length > 0) return images;
  const mayStand = canStandBeside(desired, own, others) && podOver(desired.pod, own, facts) === undefined;
  return { actions: mayStand ? [newSandbox, ...halts] : halts };
}

/** On the host's network a sandbox has no address or port that the old pod could hold; names differ with the UID. */
function canStandBeside(desired: DesiredPod, own: Instance, others: readonly Instance[]): boolean {
  const empty = own.sandboxes.length + own.containers.length === 0;
  return empty && desired.pod.spec.hostNetwork === true && others.every(({ pod }) => pod.uid !== desired.uid);
}

/**
 * The new pod first, clearing away last. Before it go only those that are in its way: of the same UID, whose names it
 * needs, and containers that may run for all we know.
 */
function planBesideDead(
  desired: DesiredPod,
  own: Instance,
  { others, facts }: { readonly others: readonly Instance[]; readonly facts: PodFacts },
): PodPlan {
  const because = whyOther(others);
  const removal = (other: Instance) => planRemoval(other, because, other.pod.uid === desired.uid);
  const inTheWay = others.filter(({ pod, containers }) => pod.uid === desired.uid || containers.some(mayRun));
  if (inTheWay.length > 0) return { actions: [...planHalt(inTheWay, because), ...inTheWay.flatMap(removal)] };
  const plan = planOwn(desired, own, facts);
  const cleared = others.filter(({ foreign }) => foreign !== true || facts.keepsForeign !== true);
  return { ...plan, actions: [...plan.actions, ...cleared.flatMap(removal)] };
}

/** What makes an instance another one than the desired. */
function whyOther(others: readonly Instance[]): string {
  if (others.some(({ foreign }) => foreign)) return 'it is taken over from another owner';
  const moves = others.some(({ sandboxes, containers }) => [...sandboxes, ...containers].some(({ former }) => former));
  return moves ? 'it moves to another container runtime' : 'its manifest has changed';
}

/** Whether a program of it runs or its sandbox stands. A container in an unknown state alone is stopped and removed at once. */
function isLive({ sandboxes, containers }: Instance): boolean {
  return sandboxes.some(({ ready }) => ready) || containers.some(({ state }) => state === 'running');
}

function identityOf({ pod, uid }: DesiredPod): Instance['pod'] {
  return { name: pod.metadata.name, namespace: pod.metadata.namespace, uid };
}
