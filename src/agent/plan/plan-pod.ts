import type { ObservedPod, ObservedSandbox } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';
import type { PodAction, PodPlan } from './actions.ts';
import type { PodFacts } from './facts.ts';
import { type Instance, mayRun, partInstances } from './instance.ts';
import { planContainers } from './plan-containers.ts';
import { planGarbage } from './plan-garbage.ts';
import { planImages } from './plan-start.ts';
import { planStops, planTeardown } from './plan-teardown.ts';
import { isOver } from './pod-end.ts';

/**
 * What is to be done so that what exists under a pod's name becomes what is desired under it. Pure: everything it needs
 * is in its arguments. An empty list of actions means that all is as it should be, or that there is something to wait
 * for (`waiting`).
 */
export function planPod(desired: DesiredPod | undefined, observed: readonly ObservedPod[], facts: PodFacts): PodPlan {
  const { own, others } = partInstances(desired, observed);
  if (desired === undefined) {
    return { actions: others.flatMap((other) => planTeardown(other, 'its manifest is gone', false)) };
  }
  const [refusal] = facts.refusals;
  if (refusal !== undefined) {
    const old = others.some(({ containers }) => containers.some(mayRun)) ? 'the old pod runs on: the new one ' : '';
    return { actions: [], waiting: `${old}cannot run here: ${facts.refusals.join('; ')}` };
  }
  if (others.length > 0) return planReplacement(desired, others, facts);
  return planOwn(desired, own ?? { pod: identityOf(desired), sandboxes: [], containers: [] }, facts);
}

/**
 * The old pod goes before the new one starts, but not before the images of the new one are there. What follows is
 * planned from a fresh look: the manifest may have changed again while the old pod stopped.
 */
function planReplacement(desired: DesiredPod, others: readonly Instance[], facts: PodFacts): PodPlan {
  const running = others.some(({ containers }) => containers.some(mayRun));
  const images = running ? planImages(desired, facts) : { actions: [] };
  if (images.waiting !== undefined) return { ...images, waiting: `the old pod runs on: ${images.waiting}` };
  const teardown = (other: Instance): PodAction[] =>
    planTeardown(other, 'its manifest has changed', other.pod.uid === desired.uid);
  return { actions: [...images.actions, ...others.flatMap(teardown)] };
}

function planOwn(desired: DesiredPod, own: Instance, facts: PodFacts): PodPlan {
  const ready = own.sandboxes.filter((sandbox) => sandbox.ready);
  const [sandbox] = ready;
  if (sandbox !== undefined && ready.length === 1 && fits(desired, sandbox)) {
    const stray = own.containers.filter((container) => container.sandboxId !== sandbox.id);
    const stops = planStops(stray, 'its sandbox is gone');
    if (stops.length > 0) return { actions: stops };
    return planContainers({ desired, own, sandbox, facts });
  }
  if (staysOver(desired, own)) {
    const because = 'all its containers have ended';
    const stops = [...planStops(own.containers, because), ...stopSandboxes(ready, because)];
    return { actions: [...stops, ...planGarbage(own, undefined)] };
  }
  return planNewSandbox(desired, own, facts);
}

function planNewSandbox(desired: DesiredPod, own: Instance, facts: PodFacts): PodPlan {
  const because = own.sandboxes.length === 0 ? 'it is not there yet' : 'its sandbox is gone';
  const attempt = Math.max(-1, ...own.sandboxes.map((sandbox) => sandbox.attempt)) + 1;
  const ready = own.sandboxes.filter((sandbox) => sandbox.ready);
  const clearing: PodAction[] = [...planStops(own.containers, because), ...stopSandboxes(ready, because)];
  // How the stopped containers ended decides about their restart: look again first.
  if (clearing.length > 0) return { actions: clearing };
  const create: PodAction = { do: 'create-sandbox', attempt, because };
  const containers = planContainers({ desired, own, sandbox: undefined, facts });
  return { ...containers, actions: [create, ...containers.actions] };
}

/**
 * Whether a pod without a sandbox stays as it is: it has ended, or it may never be started twice (kuberuntime
 * computePodActions: restartPolicy Never with an earlier attempt).
 */
function staysOver(desired: DesiredPod, own: Instance): boolean {
  const [last] = own.sandboxes;
  if (last === undefined) return false;
  if (desired.pod.spec.restartPolicy === 'Never' && own.containers.length > 0) return true;
  return isOver(
    desired.pod,
    own.containers.filter(({ sandboxId }) => sandboxId === last.id),
  );
}

function fits(desired: DesiredPod, sandbox: ObservedSandbox): boolean {
  const hostNetwork = desired.pod.spec.hostNetwork ?? false;
  return sandbox.hostNetwork === hostNetwork && (hostNetwork || sandbox.ips.length > 0);
}

function stopSandboxes(sandboxes: readonly ObservedSandbox[], because: string): PodAction[] {
  return sandboxes.map(({ id }) => ({ do: 'stop-sandbox', id, because }));
}

function identityOf({ pod, uid }: DesiredPod): Instance['pod'] {
  return { name: pod.metadata.name, namespace: pod.metadata.namespace, uid };
}
