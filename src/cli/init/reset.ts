import { readOwnerId } from '../../agent/home/owner.ts';
import { messageOf, PreflightError, UsageError } from '../../base/errors.ts';
import { loadConfig } from '../../config/load.ts';
import type { Paths } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import type { MadeRecord } from '../../phases/context.ts';
import type { ResetContext } from '../../phases/reset.ts';
import { resetPhases } from '../../phases/reset.ts';
import { runPhases } from '../../phases/run.ts';
import { sweepCanaries } from '../../rollout/canary/sweep.ts';
import { putBackMigration } from '../../rollout/change-over/migrate-requests.ts';
import { readOnlyRuntime } from '../../runtime/read-only-runtime.ts';
import { agentDoor } from '../agent/agent-door.ts';
import { withFormerRuntimes } from '../agent/agent-runtimes.ts';
import { agentStarter } from '../agent/agent-starter.ts';
import type { CliContext, CommandRun } from '../command.ts';
import { createReport } from '../report.ts';
import { canaryDoors } from '../rollout/canary-doors.ts';
import { rootFlag } from '../root-flag.ts';
import type { Options } from '../workflow-context.ts';
import { listOption, pathsFor, rootDirOf, textOption, workflowContext } from '../workflow-context.ts';
import { locked } from './init.ts';
import { madeRecord } from './made-record.ts';

/** `bootstrap reset`: stops what init started and removes what init made, then says what is left. */
export const run: CommandRun = async (cli, { options, common }) => {
  const root = rootDirOf(cli.host, options);
  const config = await resetConfig(cli, options, root);
  const paths = pathsFor(root, config);
  const dryRun = options.dryRun === true;
  const report = createReport(cli, common);
  const real = madeRecord(cli.host, paths);
  const entries = await real.all();
  const nothing = entries.length === 0 && (await cli.host.stat(paths.stateDir)) === undefined;
  if (nothing) {
    report.finish({
      text: `Nothing of bootstrap is below ${root}.\n`,
      document: { kind: 'ResetResult', found: false },
    });
    return 0;
  }
  if (!dryRun) await agree(cli, config.reset.force || options.force === true, root);
  const doors = dryRun
    ? await (await import('./dry-run.ts')).dryRunDoors({ cli, paths, report, made: real })
    : await realDoors(cli, paths, real);
  const opened = workflowContext({ cli, common, options, config, paths, report, ...doors });
  let joined: ReturnType<typeof opened.runtime> | undefined;
  const runtime = () => (joined ??= withFormerRuntimes({ context: cli, paths, log: opened.log }, opened));
  const context: ResetContext = {
    ...opened,
    dryRun,
    runtime: dryRun ? async () => readOnlyRuntime(await runtime()) : runtime,
    mayHavePods: async () => (await readOwnerId(cli.host, paths.stateDir)) !== undefined,
    cleanupTmpDir: config.reset.cleanupTmpDir || options.cleanupTmpDir === true,
    ...(!dryRun && {
      sweepCanaries: () => sweepCanaries({ canary: canaryDoors({ ...opened, host: cli.host }) }),
      putBackKernel: () =>
        putBackMigration(cli.host, paths).catch((thrown: unknown) =>
          report.warn(`net.ipv4.tcp_migrate_req is not put back: ${messageOf(thrown)}`),
        ),
    }),
  };
  const skipPhases = [...config.reset.skipPhases, ...listOption(options, 'skipPhases')];
  await locked({ cli, paths, context }, () =>
    runPhases(resetPhases, context, { clock: cli.clock, signal: cli.signal, workflow: report, skipPhases }),
  );
  const text = dryRun
    ? 'Nothing was changed: this was a dry run.\n'
    : `Reset: nothing of this control plane runs any more.${again(root)}`;
  report.finish({ text, document: { kind: 'ResetResult', found: true, dryRun } });
  return 0;
};

async function realDoors(cli: CliContext, paths: Paths, made: MadeRecord) {
  const { host, clock } = cli;
  return { host, made, agent: agentDoor({ host, clock, paths, starter: await agentStarter(host, paths) }) };
}

function again(root: string): string {
  return `\nbootstrap init${rootFlag(root)} makes a new one.\n`;
}

/** The file of `--config` must be right as a whole, though only its places count here. */
async function resetConfig(cli: CliContext, options: Options, rootDir: string): Promise<Config> {
  const file = textOption(options, 'config');
  const certDir = textOption(options, 'certDir');
  return loadConfig({
    host: cli.host,
    rootDir,
    // The address is not needed here, and a machine may have none.
    flags: {
      ...(certDir === undefined ? {} : { certDir }),
      ...(file === undefined ? { apiserverAdvertiseAddress: '127.0.0.1' } : {}),
    },
    ...(file === undefined ? {} : { file }),
  });
}

async function agree(cli: CliContext, force: boolean, root: string): Promise<void> {
  if (force) return;
  if (cli.confirm === undefined) {
    throw new UsageError('reset asks before it removes, and here is no terminal to ask on', { hint: 'pass --force' });
  }
  const question = `Remove the control plane below ${root}, its data and its certificates?`;
  if (!(await cli.confirm(question))) throw new PreflightError('not confirmed; nothing was changed');
}
