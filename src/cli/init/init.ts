import { join } from 'node:path';
import { errorsOf } from '../../base/diagnostics.ts';
import { hasCode, InterruptedError, PreflightError } from '../../base/errors.ts';
import { configFlagsOf } from '../../config/flags.ts';
import { loadConfig } from '../../config/load.ts';
import type { Paths } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import type { Host } from '../../host/host.ts';
import { lockHolder, takeLock } from '../../host/lock.ts';
import { recordingHost } from '../../host/recording-host.ts';
import { removeStaleTemporaries } from '../../host/stale-temporaries.ts';
import type { InitContext } from '../../phases/context.ts';
import { initPhases } from '../../phases/init.ts';
import { initLockName, madeFileName } from '../../phases/plan-reset.ts';
import { preflightFindings } from '../../phases/preflight.ts';
import { findPhase, runPhases } from '../../phases/run.ts';
import { runInit } from '../../phases/run-init.ts';
import { recoverUnlessBusy } from '../../rollout/journal/recovery.ts';
import { refuseWhileRolling } from '../../rollout/journal/rollout-lock.ts';
import { agentDoor } from '../agent/agent-door.ts';
import { agentStarter } from '../agent/agent-starter.ts';
import type { CliContext, CommandRun } from '../command.ts';
import type { CliReport } from '../report.ts';
import { createReport } from '../report.ts';
import { pastAgentRecovery } from '../rollout/past-agent-recovery.ts';
import type { Options } from '../workflow-context.ts';
import { pathsFor, rootDirOf, textOption, workflowContext } from '../workflow-context.ts';
import { initSummary, phaseResult } from './init-summary.ts';
import { madeRecord } from './made-record.ts';

type Invocation = Parameters<CommandRun>[1];

/** `bootstrap init`: the whole workflow, then what to do with the control plane. */
export const run: CommandRun = async (cli, invocation) => {
  const startedMs = cli.clock.now();
  const setup = await setUp(cli, invocation);
  const { context, report, config } = setup;
  // A dry run tells one thing after another: nothing is gained by doing what is not done at the same time.
  const workflow = config.init.dryRun
    ? (...[context, walk]: Parameters<typeof runInit>) => runPhases(initPhases, context, walk)
    : runInit;
  await locked(setup, async () => {
    await recoverFirst(setup);
    await workflow(context, {
      clock: cli.clock,
      signal: cli.signal,
      workflow: report,
      skipPhases: config.init.skipPhases,
    });
  });
  report.finish(await initSummary(context, { startedMs, skipped: config.init.skipPhases }));
  if (invocation.options.foreground === true && !config.init.dryRun) await setup.foreground();
  return 0;
};

/** `bootstrap init phase NAME [SUBPHASE]`: that one alone. */
export async function runInitPhase(cli: CliContext, invocation: Invocation, path: readonly string[]): Promise<number> {
  const setup = await setUp(cli, invocation);
  const phase = findPhase(initPhases, path);
  const context = askedFor(setup.context);
  await locked(setup, () =>
    runPhases([phase], context, { clock: cli.clock, signal: cli.signal, workflow: setup.report }),
  );
  const document = { kind: 'PhaseResult', phase: path.join('/') };
  setup.report.finish(await phaseResult(context, path, document));
  return 0;
}

/** A phase that is asked for by name may count on a control plane that runs, whoever runs it. */
function askedFor(context: InitContext): InitContext {
  const { config } = context;
  const skipPhases = config.init.skipPhases.filter((name) => name !== 'start-agent');
  return { ...context, config: { ...config, init: { ...config.init, skipPhases } } };
}

type SetUp = {
  readonly cli: CliContext;
  readonly config: Config;
  readonly paths: Paths;
  readonly context: InitContext;
  readonly report: CliReport;
  /** Resolves when the agent that runs in this process has ended. */
  readonly foreground: () => Promise<void>;
};

async function setUp(cli: CliContext, { options, common }: Invocation): Promise<SetUp> {
  const root = rootDirOf(cli.host, options);
  const file = textOption(options, 'config');
  const config = await loadConfig({
    host: cli.host,
    flags: configFlagsOf(options),
    rootDir: root,
    ...(file === undefined ? {} : { file }),
  });
  const paths = pathsFor(root, config);
  const report = createReport(cli, common);
  for (const warning of config.warnings) report.warn(warning.replace(/(^|: )warning: /, '$1'));
  const made = madeRecord(cli.host, paths);
  if (config.init.dryRun) {
    const { dryRunSetUp } = await import('./dry-run.ts');
    const dry = await dryRunSetUp({ cli, common, options, config, paths, report, made });
    return { cli, config, paths, report, context: dry, foreground: async () => {} };
  }
  const host = recordingHost(cli.host, (entries) => made.add(entries));
  const { starter, foreground } = await starterOf({ cli, host, paths, options, common });
  const door = agentDoor({ host, clock: cli.clock, paths, starter });
  // In the foreground no running agent is the right one: it is ended, and this process takes over.
  const agent = options.foreground === true ? { ...door, configuration: async () => undefined } : door;
  const context = workflowContext({ cli, common, options, config, paths, host, report, made, agent });
  return { cli, config, paths, context, report, foreground };
}

async function starterOf(input: {
  readonly cli: CliContext;
  readonly host: Host;
  readonly paths: Paths;
  readonly options: Options;
  readonly common: Invocation['common'];
}) {
  if (input.options.foreground !== true) {
    return { starter: await agentStarter(input.host, input.paths), foreground: async () => {} };
  }
  const { foregroundStarter } = await import('../agent/foreground-starter.ts');
  return foregroundStarter(input);
}

/** A change that was cut off is finished or undone before another begins. */
async function recoverFirst({ cli, paths, context, report }: SetUp): Promise<void> {
  if (context.dryRun) return;
  const { do: done, because } = await recoverUnlessBusy(cli.host, paths, cli.clock);
  if (done !== 'nothing') report.warn(`${because}; it is ${done === 'finish' ? 'finished' : 'undone'} now`);
}

/** Not even the lock can be made: preflight knows how to say why, with all else that is wrong. */
async function refuseUnwritable(context: InitContext, thrown: unknown): Promise<never> {
  if (!hasCode(thrown, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST')) throw thrown;
  const findings = errorsOf(await preflightFindings(context));
  throw new PreflightError(`${context.paths.stateDir} cannot be written to; nothing was changed`, {
    findings,
    cause: thrown,
  });
}

/** A refusal leaves nothing behind: when only our own empty directories were made so far, they go again. */
async function forgetRefused(host: Host, paths: Paths, made: InitContext['made']): Promise<void> {
  const entries = await made.all();
  const own = [join(paths.stateDir, 'owner'), join(paths.stateDir, initLockName)];
  if (entries.some(({ kind, path }) => kind !== 'directory' && !own.includes(path))) return;
  for (const path of [...own, join(paths.stateDir, madeFileName)]) await host.remove(path);
  for (const { path } of entries.filter(({ kind }) => kind === 'directory').toReversed()) {
    if ((await host.list(path))?.length === 0) await host.remove(path);
  }
}

function writtenDirectories(paths: Paths): readonly string[] {
  const { certificatesDir, kubernetesDir, manifestsDir, stateDir, runDir } = paths;
  return [certificatesDir, join(certificatesDir, 'etcd'), kubernetesDir, manifestsDir, stateDir, runDir];
}

/** Only one `init` or `reset` at a time works below a root directory. */
export async function locked(
  { cli, paths, context }: Pick<SetUp, 'cli' | 'paths' | 'context'>,
  work: () => Promise<void>,
): Promise<void> {
  if (context.dryRun) return work();
  await context.made.add([]).catch((thrown: unknown) => refuseUnwritable(context, thrown));
  const lockFile = join(paths.stateDir, initLockName);
  const other = await lockHolder(cli.host, lockFile);
  if (other !== undefined) {
    throw new PreflightError(`init or reset is at work here already: pid ${other.pid}`, {
      hint: 'wait until it has ended',
    });
  }
  const lock = await takeLock(cli.host, lockFile, 'init or reset');
  try {
    await pastAgentRecovery(cli, paths, () => refuseWhileRolling(cli.host, paths));
    await removeStaleTemporaries(cli.host, writtenDirectories(paths));
    await work();
    cli.signal.throwIfAborted();
  } catch (thrown) {
    if (thrown instanceof PreflightError) await forgetRefused(cli.host, paths, context.made);
    if (!cli.signal.aborted) throw thrown;
    throw new InterruptedError('interrupted; what was begun is whole', {
      hint: 'bootstrap init goes on from here, bootstrap reset removes it',
    });
  } finally {
    await lock.release();
  }
}
