import type { Container } from '../../kube/types.ts';
import type { ObservedContainer, ObservedSandbox } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';
import type { PodPlan } from './actions.ts';
import type { PodFacts } from './facts.ts';
import { type Instance, newest } from './instance.ts';
import { planGarbage } from './plan-garbage.ts';
import { planInits } from './plan-inits.ts';
import { planKills } from './plan-kills.ts';
import { joinPlans, planStart } from './plan-start.ts';
import { planStops } from './plan-teardown.ts';
import { isOver } from './pod-end.ts';
import { restartsAfter } from './restart-policy.ts';

export type ContainersInput = {
  readonly desired: DesiredPod;
  readonly own: Instance;
  /** Undefined: one that is created just before. */
  readonly sandbox: ObservedSandbox | undefined;
  readonly facts: PodFacts;
};

/** What is to be done to the containers of a pod whose sandbox stands. */
export function planContainers(input: ContainersInput): PodPlan {
  const { desired, own, sandbox, facts } = input;
  const inSandbox = own.containers.filter((container) => container.sandboxId === sandbox?.id);
  const kills = planKills(desired, inSandbox, facts);
  if (kills.length > 0) return { actions: kills };
  if (sandbox !== undefined && isOver(desired.pod, inSandbox)) return planEnd(inSandbox, sandbox);
  const inits = planInits({ ...input, inSandbox });
  const mains = inits.initialized ? planMains(input, inSandbox) : [];
  return joinPlans([...inits.plans, ...mains, { actions: planGarbage(own, sandbox?.id) }]);
}

function planEnd(inSandbox: readonly ObservedContainer[], sandbox: ObservedSandbox): PodPlan {
  const because = 'all its containers have ended';
  return { actions: [...planStops(inSandbox, because), { do: 'stop-sandbox', id: sandbox.id, because }] };
}

function planMains(
  { desired, own, sandbox, facts }: ContainersInput,
  inSandbox: readonly ObservedContainer[],
): PodPlan[] {
  return desired.pod.spec.containers.flatMap((container) => {
    const seen = newest(inSandbox, container.name);
    const because = whyStart(desired, container, seen);
    if (because === undefined) return [];
    return [planStart({ desired, container, known: own.containers, sandboxId: sandbox?.id, facts, because })];
  });
}

function whyStart({ pod }: DesiredPod, container: Container, seen: ObservedContainer | undefined): string | undefined {
  if (seen === undefined) return 'it is not there yet';
  if (seen.state === 'created') return 'it was made but not started';
  if (seen.state !== 'exited' || !restartsAfter(pod, container, seen.exitCode)) return undefined;
  return `it exited with code ${seen.exitCode ?? 'unknown'}`;
}
