import type { Cause, RolloutPlan } from '../types.ts';
import { isEmptyPlan } from './plan.ts';

/** Whether a plan of the stored configuration finds anything that is not as the last good revision left it. */
export function isDrifted(plan: RolloutPlan): boolean {
  return plan.takenUp.length > 0 || !isEmptyPlan(plan);
}

/** What most likely happened, as it is told after the name of who it happened to. */
export const causeWords: Readonly<Record<Cause, string>> = {
  configuration: 'not as the configuration asks',
  'rendered differently': 'rendered differently now',
  'failed change': 'left by a change that failed',
  'hand edit': 'edited by hand',
  'file deleted': 'file deleted',
  'file changed': 'a mounted file changed',
  'certificate replaced': 'certificate replaced',
  'certificate due': 'certificate due',
  'other image running': 'another image runs',
  'not running': 'not running',
  'running differs': 'something else runs',
  'object deleted': 'removed from the cluster',
  'object changed': 'changed in the cluster',
};
