import type { Container } from '../../kube/types.ts';
import type { PodPlan } from './actions.ts';
import { latest } from './instance.ts';
import { joinPlans } from './join-plans.ts';
import { planGarbage } from './plan-garbage.ts';
import { planInits } from './plan-inits.ts';
import type { PlanInput } from './plan-input.ts';
import { planKills } from './plan-kills.ts';
import { planStart } from './plan-start.ts';
import { willRestart } from './pod-end.ts';

/** What is to be done to the containers of a pod whose sandbox stands. */
export function planContainers(input: PlanInput): PodPlan {
  const { desired, own, sandbox, rounds, facts } = input;
  const kills = planKills(desired.pod, rounds, facts);
  if (kills.length > 0) return { actions: kills };
  const inits = planInits(input);
  const mains = inits.initialized ? desired.pod.spec.containers.map((container) => planMain(input, container)) : [];
  return joinPlans([...inits.plans, ...mains, { actions: planGarbage(own, sandbox?.id) }]);
}

function planMain(input: PlanInput, container: Container): PodPlan {
  const because = whyStart(input, container);
  return because === undefined ? { actions: [] } : planStart(input, container, because);
}

/** A main container that has ended for good in an earlier sandbox is not run again in a new one. */
function whyStart({ desired, own, rounds, facts }: PlanInput, container: Container): string | undefined {
  const seen = latest(own.containers, container.name);
  if (seen === undefined) return 'it is not there yet';
  if (rounds.stale.includes(seen)) return 'all containers of the pod are restarted';
  if (seen.state === 'created') return 'it was made but not started';
  if (seen.state !== 'exited' || !willRestart(desired.pod, container, seen, facts)) return undefined;
  return `it exited with code ${seen.exitCode ?? 'unknown'}`;
}
