import { humanDuration } from '../../base/duration.ts';
import { UsageError } from '../../base/errors.ts';
import { componentNames } from '../../health/manifest-files.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { applyRollout, type RolloutResult, refuseBlocked } from '../../rollout/apply/apply-rollout.ts';
import { StepTimer } from '../../rollout/apply/events.ts';
import { applyLive } from '../../rollout/live/apply-live.ts';
import { bringObjects } from '../../rollout/objects/bring-objects.ts';
import { isEmptyPlan } from '../../rollout/plan/plan.ts';
import type { CommandRun } from '../command.ts';
import { type Options, rootDirOf, textOption } from '../workflow-context.ts';
import { applyDryRun } from './apply-dry-run.ts';
import { planFor } from './plan.ts';
import { plannedContext } from './rollout-context.ts';
import { type RolloutReport, rolloutReport } from './rollout-report.ts';
import { withRolloutLock } from './rollout-session.ts';

/** `bootstrap apply`. */
export const run: CommandRun = async (cli, invocation) => {
  if (invocation.options.adopt === undefined) return applyFrom(cli, invocation);
  const { adoptEdit } = await import('./adopt-edit.ts');
  return adoptEdit(cli, invocation);
};

/** Plans anew under the lock and carries it out; gives the exit code. Also for `drift --heal`. */
export async function applyFrom(...[cli, { options, common }]: Parameters<CommandRun>): Promise<number> {
  const component = componentOption(options);
  const report = rolloutReport(cli, common);
  if (options.dryRun === true) return applyDryRun(cli, { options, common, component });
  const root = rootDirOf(cli.host, options);
  return withRolloutLock({ cli, root, report }, async (recovery) => {
    const plan = () => planFor(cli, options, report);
    const { context, planned } = await plannedContext({ cli, common, options, report, recovery, plan });
    if (options.live === true) {
      refuseBlocked(planned.plan);
      const wanted = planned.plan.components.filter((item) => component === undefined || item.component === component);
      await applyLive(context, { ...planned.plan, components: wanted });
      const text = isEmptyPlan(planned.plan) ? 'nothing to do: the control plane is as the configuration says\n' : '';
      report.finish({ text, document: { kind: 'RolloutResult', result: 'live' } });
      return 0;
    }
    if (options.objects === true) {
      await bringObjects(context, new StepTimer(cli.clock, context.tell));
      report.finish({ text: '', document: { kind: 'RolloutResult', result: 'objects' } });
      return 0;
    }
    const message = textOption(options, 'message');
    const result = await applyRollout(context, planned.plan, {
      ...{ component, message },
      skipCanary: options.skipCanary === true,
      noRollback: options.rollback === false,
    });
    finish(report, result, cli.clock.now() - context.invocation.startedMs);
    return 0;
  });
}

/** What came of it, for people and as a document. */
export function finish(report: RolloutReport, result: RolloutResult, tookMs: number): void {
  const steps = report.steps.filter(({ state }) => state !== 'begun');
  report.finish({ text: resultText(result, tookMs), document: { kind: 'RolloutResult', ...result, tookMs, steps } });
}

function resultText({ result, revision, changes, restarted, left }: RolloutResult, tookMs: number): string {
  const since = revision === undefined ? '' : ` (revision ${revision})`;
  const rest = left.length === 0 ? '' : `left for another time: ${left.join(', ')}\n`;
  if (result === 'nothing') return `nothing to do: the control plane is as the configuration says${since}\n${rest}`;
  const what = changes.map((change) => `  ${change}\n`).join('');
  const who = restarted.length === 0 ? 'nothing was restarted' : `restarted: ${restarted.join(', ')}`;
  return `revision ${revision} is good, after ${humanDuration(tookMs)}; ${who}\n${what}${rest}`;
}

/** `--component`; throws UsageError for one that there is not. */
export function componentOption(options: Options): ComponentName | undefined {
  const name = textOption(options, 'component');
  if (name === undefined) return undefined;
  const found = componentNames.find((component) => component === name);
  if (found !== undefined) return found;
  throw new UsageError(`there is no component ${name}`, { hint: `one of ${componentNames.join(', ')}` });
}
