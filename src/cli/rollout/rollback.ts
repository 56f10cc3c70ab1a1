import type { AgentConfiguration } from '../../agent/settings/configuration.ts';
import { UsageError } from '../../base/errors.ts';
import type { Report } from '../../base/report.ts';
import { pathsOf } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import { parseJsonOrYaml } from '../../kube/yaml.ts';
import { applyRollout } from '../../rollout/apply/apply-rollout.ts';
import type { NewFile } from '../../rollout/apply/issue-anew.ts';
import { differingFiles, keptManifests, withFiles, withRestoredFiles } from '../../rollout/revisions/kept-manifests.ts';
import type { Revision } from '../../rollout/revisions/revision.ts';
import { asLastGood, readFilesAsOf, readLastGood, readRevisions } from '../../rollout/revisions/revisions.ts';
import { chooseTarget } from '../../rollout/revisions/rollback-target.ts';
import type { CliContext, CommandRun } from '../command.ts';
import { type Options, pathsFor, rootDirOf, textOption } from '../workflow-context.ts';
import { finish } from './apply.ts';
import { showDryRun } from './apply-dry-run.ts';
import { refuseLostAddress } from './moved-address.ts';
import { type Planned, planFrom } from './plan.ts';
import { planInput } from './plan-input.ts';
import { plannedContext } from './rollout-context.ts';
import { rolloutReport } from './rollout-report.ts';
import { withRolloutLock } from './rollout-session.ts';

/** `bootstrap rollback [--to N]`. */
export const run: CommandRun = async (cli, { options, common }) => {
  const to = numberOption(options);
  const root = rootDirOf(cli.host, options);
  const report = rolloutReport(cli, common);
  if (options.dryRun === true) {
    const planned = await planBack(cli, { root, to }, report);
    return showDryRun(cli, { common, planned, component: undefined });
  }
  return withRolloutLock({ cli, root, report }, async (recovery) => {
    const plan = () => planBack(cli, { root, to }, report);
    const { context, planned } = await plannedContext({ cli, common, options, report, recovery, plan });
    const { target, files } = planned;
    const result = await applyRollout(context, planned.plan, {
      message: textOption(options, 'message') ?? `back to revision ${target.number}`,
      restores: { number: target.number, files },
      skipCanary: options.skipCanary === true,
      noRollback: options.rollback === false,
    });
    finish(report, result, cli.clock.now() - context.invocation.startedMs);
    return 0;
  });
};

function numberOption(options: Options): number | undefined {
  const text = textOption(options, 'to');
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is no revision`, { hint: 'give its number, as bootstrap history shows it' });
}

type Back = Planned & { readonly target: Revision; readonly files: readonly NewFile[] };

/** A configuration that leaves the container runtime open means the one that its agent was told. */
function withRuntimeOf(config: Config, agentSettings: NewFile | undefined): Config {
  const kept = parseJsonOrYaml(agentSettings?.data ?? '') as AgentConfiguration | undefined;
  const { type, endpoint } = kept?.runtime ?? {};
  if (config.bootstrap.runtime.type !== 'auto' || type === undefined) return config;
  return { ...config, bootstrap: { ...config.bootstrap, runtime: { type, endpoint } } };
}

/** What going back would change: the revision's own manifests and files in place of what its configuration renders to. */
async function planBack(
  cli: CliContext,
  { root, to }: { readonly root: string; readonly to: number | undefined },
  report: Report,
): Promise<Back> {
  const { host } = cli;
  const unset = pathsOf(root);
  const target = chooseTarget(await readRevisions(host, unset.revisionsDir), to);
  const lastGood = await readLastGood(host, unset);
  const [then, now] = await Promise.all([
    planInput(host, { rootDir: root }, asLastGood(target)),
    planInput(host, { rootDir: root }, lastGood),
  ]);
  await refuseLostAddress(host, then.config, target.number);
  const paths = pathsFor(root, then.config);
  const files = await differingFiles(host, await readFilesAsOf(host, paths, target.number));
  const config = withRuntimeOf(
    then.config,
    files.find(({ path }) => path === paths.agentConfig),
  );
  const input = { ...then, config, former: now.config, sameInput: false };
  const manifests = keptManifests(target, paths);
  const { objects } = target;
  const source = { root, lastGood, input, manifests, objects, files: withFiles(host, files) };
  const planned = await planFrom(cli, source, report);
  return { ...planned, plan: withRestoredFiles(planned.plan, files, target.number), target, files };
}
