import { PreflightError, UsageError } from '../../base/errors.ts';
import { pathsOf } from '../../config/paths.ts';
import { isDrifted } from '../../rollout/plan/drift.ts';
import { readLastGood } from '../../rollout/revisions/revisions.ts';
import type { RolloutPlan } from '../../rollout/types.ts';
import type { CliContext, CommandRun } from '../command.ts';
import { rootFlag } from '../root-flag.ts';
import { rootDirOf } from '../workflow-context.ts';
import { driftText } from './drift-text.ts';
import { planFor } from './plan.ts';
import { differencesExitCode, planReport, refuseUnreadable, showResult } from './plan-output.ts';

type Invocation = Parameters<CommandRun>[1];

/** `bootstrap drift [--heal]`: what is not as the last good revision left it. Without --heal writes nothing. */
export const run: CommandRun = async (cli, { options, common }) => {
  const root = rootDirOf(cli.host, options);
  const healing = options.heal === true;
  if (!healing) refuseIdleOptions(options);
  const { report, warnings } = planReport();
  const lastGood = await readLastGood(cli.host, pathsOf(root)).catch(refuseUnreadable);
  if (lastGood === undefined) throw nothingKept(root);
  const { plan } = await planFor(cli, { rootDir: options.rootDir }, report).catch(refuseUnreadable);
  const drifted = isDrifted(plan);
  const revision = lastGood.number;
  const heal = healing ? undefined : `bootstrap drift --heal${rootFlag(root)}`;
  // The result of healing is what came of it; what had drifted is progress, and stands in the new revision.
  if (!healing || !drifted || common.output === 'text')
    showResult(healing && drifted ? { ...cli, stdout: cli.stderr } : cli, common, {
      warnings,
      text: (screen) => driftText(plan, { screen, revision, drifted, heal }),
      document: () => driftDocument(plan, { revision, warnings }),
    });
  if (!healing) return drifted ? differencesExitCode : 0;
  return drifted ? healBy(cli, { options, common }) : 0;
};

/** An apply of the stored configuration. */
async function healBy(cli: CliContext, { options, common }: Pick<Invocation, 'options' | 'common'>): Promise<number> {
  const { applyFrom } = await import('./apply.ts');
  const { rootDir, component, skipCanary, rollback, message = 'drift --heal' } = options;
  const given = { rootDir, component, skipCanary, rollback, message };
  return applyFrom(cli, { options: given, arguments: [], common });
}

function refuseIdleOptions(options: Invocation['options']): void {
  const names = { message: '--message', component: '--component', skipCanary: '--skip-canary' };
  const idle = Object.entries(names).find(([name]) => options[name] !== undefined)?.[1];
  const said = idle ?? (options.rollback === false ? '--no-rollback' : undefined);
  if (said !== undefined) throw new UsageError(`${said} means nothing without --heal`);
}

function nothingKept(root: string): PreflightError {
  return new PreflightError(`no good revision is kept below ${root} to compare with`, {
    hint: `bootstrap plan --config FILE${rootFlag(root)} compares with a configuration; apply keeps the first revision`,
  });
}

/** What `-o json` gives; docs/change-safely.md tells its members. */
function driftDocument(
  plan: RolloutPlan,
  { revision, warnings }: { readonly revision: number; readonly warnings: readonly string[] },
): Readonly<Record<string, unknown>> {
  const { components, files, objects, takenUp, blocked, notes } = plan;
  const differing = components.filter(({ changes, restart }) => restart || changes.length > 0);
  return {
    ...{ kind: 'Drift', drifted: isDrifted(plan), revision },
    ...{ components: differing, files, objects, takenUp, blocked, notes, warnings },
  };
}
