import { join, resolve } from 'node:path';
import { hasCode, messageOf, PreflightError, UsageError } from '../base/errors.ts';
import type { Report } from '../base/report.ts';
import { configFlagsOf } from '../config/flags.ts';
import { checkConfig, loadConfig } from '../config/load.ts';
import { type Paths, pathsOf } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import { renderFor } from '../phases/write-manifests.ts';
import { readJournal } from '../rollout/journal.ts';
import { hasPlane, isEmptyPlan, planRollout } from '../rollout/plan.ts';
import { gatherPlanFacts } from '../rollout/plan-facts.ts';
import { type LastGood, readCurrentRevision, readLastGood } from '../rollout/revisions.ts';
import type { RolloutPlan } from '../rollout/types.ts';
import { agentDoor } from './agent-door.ts';
import type { CliContext, CommandRun } from './command.ts';
import { madeRecord } from './made-record.ts';
import { planText } from './plan-text.ts';
import { plainScreen } from './status-table.ts';
import { styleOf } from './style.ts';
import type { Options } from './workflow-context.ts';
import { pathsFor, rootDirOf, textOption } from './workflow-context.ts';

const differencesExitCode = 10;

/** `bootstrap plan`: reads configuration, disk and agent, and shows what `apply` would change. Writes nothing. */
export const run: CommandRun = async (cli, { options, common }) => {
  const warnings: string[] = [];
  const report: Report = { ...silent, warn: (message) => warnings.push(message) };
  const { plan, lastGood } = await planFor(cli, options, report).catch(refuseUnreadable);
  const empty = isEmptyPlan(plan);
  if (common.output === 'text') {
    const { yellow } = styleOf(common.color && cli.stderr.isTerminal);
    for (const warning of warnings) cli.stderr.write(`${yellow('warning:')} ${warning}\n`);
    const screen = cli.stdout.isTerminal ? { columns: cli.stdout.columns, style: styleOf(common.color) } : plainScreen;
    cli.stdout.write(planText(plan, { screen, revision: lastGood?.number, changes: !empty }));
  } else {
    const document = { kind: 'RolloutPlan', changes: !empty, revision: lastGood?.number, ...plan, warnings };
    cli.stdout.write(`${JSON.stringify(document, undefined, common.output === 'json' ? 2 : 0)}\n`);
  }
  return empty ? 0 : differencesExitCode;
};

/** Certificates and revisions are their owner's alone. */
function refuseUnreadable(thrown: unknown): never {
  if (!hasCode(thrown, 'EACCES', 'EPERM')) throw thrown;
  throw new PreflightError(messageOf(thrown), { cause: thrown, hint: 'run it as the user who ran bootstrap init' });
}

const silent: Report = { item() {}, waiting() {}, info() {}, warn() {}, file() {} };

/** The plan of the configuration that the options name, else of the stored one. */
export async function planFor(
  cli: CliContext,
  options: Options,
  report: Report,
): Promise<{
  readonly plan: RolloutPlan;
  readonly config: Config;
  readonly paths: Paths;
  readonly lastGood: LastGood | undefined;
}> {
  const { host, clock } = cli;
  const root = rootDirOf(host, options);
  const lastGood = await readLastGood(host, pathsOf(root));
  const { config, former } = await configurations(cli, options, lastGood);
  // Those of the stored configuration were said when it was given.
  const fresh = textOption(options, 'config') === undefined ? [] : config.warnings;
  for (const warning of fresh) report.warn(warning.replace(/(^|: )warning: /, '$1'));
  const paths = pathsFor(root, config);
  const starter = { start: async () => '', disable: async () => {} };
  const agent = agentDoor({ host, clock, paths, starter });
  const templates = textOption(options, 'templates') ?? lastGood?.templatesDirectory;
  const templatesDirectory = templates === undefined ? undefined : resolve(host.workingDirectory(), templates);
  const [rendered, status, agentConfiguration, made, journal, current] = await Promise.all([
    renderFor({ config, paths, host, report, templatesDirectory }),
    agent.status(),
    agent.configuration(),
    madeRecord(host, paths).all(),
    readJournal(host, paths),
    readCurrentRevision(host, paths.revisionsDir),
  ]);
  if (journal !== undefined)
    report.warn(`${journal.command} is under way or was cut off: what is here may still change`);
  const facts = await gatherPlanFacts({
    ...{ host, config, paths, rendered, status, lastGood, current, former, made },
    now: clock.now(),
    planeRuntime: agentConfiguration?.runtime?.type,
  });
  if (!hasPlane(facts)) {
    throw new PreflightError(`there is no control plane below ${root}`, { hint: 'bootstrap init makes one' });
  }
  return { plan: planRollout(facts), config, paths, lastGood };
}

type Configurations = { readonly config: Config; readonly former: Config | undefined };

async function configurations(
  { host }: CliContext,
  options: Options,
  lastGood: LastGood | undefined,
): Promise<Configurations> {
  const rootDir = rootDirOf(host, options);
  const flags = configFlagsOf(options);
  const given = textOption(options, 'config');
  const stored = lastGood && join(pathsOf(rootDir).revisionsDir, String(lastGood.number), 'configuration.yaml');
  if (given === undefined && stored === undefined) {
    throw new UsageError(`no configuration is stored below ${rootDir}`, {
      hint: 'give it with --config FILE, or run bootstrap init first',
    });
  }
  const file = given ?? stored;
  const config = await loadConfig({ host, flags, rootDir, ...(file !== undefined && { file }) });
  if (stored === undefined) return { config, former: undefined };
  if (file === stored && Object.keys(flags).length === 0) return { config, former: config };
  // One that an older release stored may hold what this one refuses: it only tells what was asked for before.
  const { config: former } = await checkConfig({ host, flags: {}, rootDir, file: stored });
  return { config, former };
}
