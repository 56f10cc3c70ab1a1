import type { PodPlan } from './actions.ts';

/** One plan of several: all actions, the nearest time to look again, what is waited for first. */
export function joinPlans(plans: readonly PodPlan[]): PodPlan {
  const rechecks = plans.flatMap(({ recheckAfterMs }) => (recheckAfterMs === undefined ? [] : [recheckAfterMs]));
  const waiting = plans.find((plan) => plan.waiting !== undefined)?.waiting;
  const over = plans.find((plan) => plan.over !== undefined)?.over;
  return {
    actions: plans.flatMap(({ actions }) => actions),
    ...(rechecks.length === 0 ? {} : { recheckAfterMs: Math.min(...rechecks) }),
    ...(waiting === undefined ? {} : { waiting }),
    ...(over === undefined ? {} : { over }),
  };
}
