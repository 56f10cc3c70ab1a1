import { PreflightError } from '../../base/errors.ts';
import type { RolloutContext } from '../apply/context.ts';
import type { RolloutPlan } from '../types.ts';
import { planLive } from './plan-live.ts';
import { setVerbosity } from './set-verbosity.ts';

/**
 * `apply --live`: tells the running components what they can be told, one after another, and names the rest. Writes
 * nothing. Throws PreflightError when nothing of the plan can be changed so, OperationError in a component's own words.
 */
export async function applyLive(
  context: Pick<RolloutContext, 'host' | 'paths' | 'signal' | 'report'>,
  plan: Pick<RolloutPlan, 'components' | 'files'>,
): Promise<void> {
  const { report } = context;
  const { steps, left } = planLive(plan);
  const others = left.map(({ what, because }) => `${what}: ${because}`);
  if (steps.length === 0 && left.length > 0) {
    throw new PreflightError(`nothing of this can be changed in a running component: ${others.join('; ')}`, {
      hint: 'bootstrap apply without --live does it, one component at a time',
    });
  }
  for (const step of steps) {
    await setVerbosity(step, context);
    const because = `--v ${step.from} → ${step.to}, until it starts again`;
    report.item({ item: step.component, action: 'set live', because });
  }
  for (const other of others) report.warn(`left as it is: ${other}`);
}
