import type { ObservedSandbox } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';
import type { PodAction, PodPlan } from './actions.ts';
import type { PodFacts, PodOver } from './facts.ts';
import { type Instance, mayRun } from './instance.ts';
import { joinPlans } from './join-plans.ts';
import { planContainers } from './plan-containers.ts';
import { planGarbage } from './plan-garbage.ts';
import { planStops, stopSandboxes } from './plan-teardown.ts';
import { deadlineMs, podOver } from './pod-end.ts';
import { restartsAfterStop } from './restart-policy.ts';
import { partRounds, specOf } from './rounds.ts';

/** No event tells that a runtime has found a network; asking costs a runtime next to nothing. */
const networkAgainMs = 1000;

/** What is to be done to the desired pod itself: end it, give it a sandbox, or see to its containers. */
export function planOwn(desired: DesiredPod, own: Instance, facts: PodFacts): PodPlan {
  const over = podOver(desired.pod, own, facts);
  if (over !== undefined) return planEnd(own, over);
  const plan = planRunning(desired, own, facts);
  const dueMs = deadlineMs(desired.pod, own, facts);
  return dueMs === undefined ? plan : joinPlans([plan, { actions: [], recheckAfterMs: dueMs - facts.nowMs }]);
}

function planRunning(desired: DesiredPod, own: Instance, facts: PodFacts): PodPlan {
  const ready = own.sandboxes.filter((sandbox) => sandbox.ready);
  const [sandbox] = ready;
  if (sandbox === undefined || ready.length > 1 || !fits(desired, sandbox)) return planNewSandbox(desired, own, facts);
  const parted = (here: boolean) => own.containers.filter(({ sandboxId }) => (sandboxId === sandbox.id) === here);
  const stops = stopsForSandbox(desired, parted(false));
  if (stops.length > 0) return { actions: stops };
  return planContainers({ desired, own, sandbox, rounds: partRounds(desired.pod, parted(true), facts), facts });
}

function planEnd(own: Instance, over: PodOver): PodPlan {
  const because = over.reason === 'DeadlineExceeded' ? 'its activeDeadlineSeconds are over' : 'it has come to its end';
  const current = own.sandboxes.find(({ ready }) => ready);
  const stops = [...planStops(own.containers, because), ...stopSandboxes(own.sandboxes, because)];
  return { actions: [...stops, ...(stops.length > 0 ? [] : planGarbage(own, current?.id))], over };
}

function planNewSandbox(desired: DesiredPod, own: Instance, facts: PodFacts): PodPlan {
  const isNew = own.sandboxes.length + own.containers.length === 0;
  const because = isNew ? 'it is not there yet' : 'its sandbox is gone or does not fit';
  const once = startsOnce(desired, own);
  const hindrance = once ? undefined : hindranceOf(facts);
  // What runs is not stopped for a sandbox that cannot be made.
  if (hindrance !== undefined) return { actions: [], ...hindrance };
  const clearing: PodAction[] = [...stopsForSandbox(desired, own.containers), ...stopSandboxes(own.sandboxes, because)];
  // How the stopped containers ended decides about their restart: look again first.
  if (clearing.length > 0) return { actions: clearing };
  if (once)
    return {
      actions: planGarbage(own, undefined),
      waiting: 'its sandbox is gone, and restartPolicy Never starts no pod twice',
    };
  const attempt = Math.max(-1, ...own.sandboxes.map((sandbox) => sandbox.attempt)) + 1;
  const create: PodAction = { do: 'create-sandbox', attempt, because };
  const rounds = partRounds(desired.pod, [], facts);
  const containers = planContainers({ desired, own, sandbox: undefined, rounds, facts });
  return { ...containers, actions: [create, ...containers.actions] };
}

/** Why no sandbox can be made now, as what is said of the pod. What is refused is looked at again by itself. */
export function hindranceOf({
  refusals,
  admissionRefusals = [],
  networkProblem,
}: PodFacts): { readonly waiting: string; readonly recheckAfterMs?: number } | undefined {
  if (refusals.length > 0) return { waiting: `cannot run here: ${refusals.join('; ')}` };
  if (admissionRefusals.length > 0) return { waiting: `is not admitted: ${admissionRefusals.join('; ')}` };
  return networkProblem === undefined
    ? undefined
    : { waiting: `waits: ${networkProblem}`, recheckAfterMs: networkAgainMs };
}

/** Whether the pod has had its one start: restartPolicy Never everywhere, and containers were made (computePodActions). */
function startsOnce({ pod }: DesiredPod, own: Instance): boolean {
  if (own.sandboxes.length === 0 || own.containers.every(({ state }) => state === 'created')) return false;
  return !pod.spec.containers.some((container) => restartsAfterStop(pod, container));
}

/** Containers outside the sandbox that counts; it is not their fault. */
function stopsForSandbox({ pod }: DesiredPod, containers: Instance['containers']) {
  return planStops(containers.filter(mayRun), 'its sandbox is gone', ({ name }) => {
    const spec = specOf(pod, name);
    return spec !== undefined && restartsAfterStop(pod, spec) ? { restart: 'at-once' } : {};
  });
}

function fits(desired: DesiredPod, sandbox: ObservedSandbox): boolean {
  const hostNetwork = desired.pod.spec.hostNetwork ?? false;
  return sandbox.hostNetwork === hostNetwork && (hostNetwork || sandbox.ips.length > 0);
}
