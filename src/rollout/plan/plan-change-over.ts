import { moveReason } from '../move/plan-move.ts';
import { type ChangeOver, changeOverOf } from './expected-gap.ts';
import type { RolloutFacts } from './plan.ts';
import { presentPod } from './plan-blocked.ts';

/** How the API server of a plan changes over. One that moves to another container runtime cannot overlap. */
export function plannedChangeOver(facts: RolloutFacts): ChangeOver {
  const rendered = facts.rendered.get('kube-apiserver');
  if (rendered === undefined) return { way: 'recreate' };
  if (facts.move !== undefined) return { way: 'recreate', because: moveReason(facts.move) };
  return changeOverOf({
    wanted: facts.config.bootstrap.rollout.apiServer,
    possible: facts.changeOver,
    running: presentPod('kube-apiserver', facts),
    rendered: rendered.pod,
  });
}
