import { readOwnerId } from '../agent/owner.ts';
import { sleep } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { Paths } from '../config/paths.ts';
import { pathsOf } from '../config/paths.ts';
import { agentDoor } from './agent-door.ts';
import type { CliContext, CommandRun } from './command.ts';
import type { StatusInput } from './status-report.ts';
import { statusReport } from './status-report.ts';
import { rootDirOf } from './workflow-context.ts';

const watchEveryMs = 500;

/** `bootstrap status`: reads, changes nothing, needs no agent to say what it can. */
export const run: CommandRun = async (cli, { options, common }) => {
  const paths = pathsOf(rootDirOf(cli.host, options));
  const starter = { start: async () => '', disable: async () => {} };
  const agent = agentDoor({ host: cli.host, clock: cli.clock, paths, starter });
  const observe: StatusInput['observe'] = (runtime) => observePods(cli, paths, runtime);
  const look = () => statusReport({ host: cli.host, clock: cli.clock, paths, agent, observe });
  const show = (report: Awaited<ReturnType<typeof look>>) =>
    cli.stdout.write(
      common.output === 'text'
        ? report.table
        : `${JSON.stringify(report.document, undefined, common.output === 'json' ? 2 : 0)}\n`,
    );
  let report = await look();
  if (options.watch !== true) {
    show(report);
    return report.exitCode;
  }
  const screen = common.output === 'text' && cli.stdout.isTerminal;
  for (let shown = ''; !cli.signal.aborted; report = await look()) {
    const gist = gistOf(report.document);
    if (screen) repaint(cli, report.table);
    else if (gist !== shown) show(report);
    shown = gist;
    await sleep(cli.clock, watchEveryMs, cli.signal);
  }
  return report.exitCode;
};

/** From the top of the screen, clearing what was there: no flicker, no growing scrollback. */
function repaint(cli: CliContext, text: string): void {
  cli.stdout.write(`\u001b[H${text.replaceAll('\n', '\u001b[K\n')}\u001b[J`);
}

function gistOf(document: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(document);
}

/** The containers themselves, for when no agent can be asked. */
async function observePods(cli: CliContext, paths: Paths, runtime: Parameters<NonNullable<StatusInput['observe']>>[0]) {
  const owner = await readOwnerId(cli.host, paths.stateDir);
  if (owner === undefined || runtime === undefined) return [];
  const { chooseRuntime, openRuntime } = await import('../runtime/open.ts');
  const choice = await chooseRuntime({ host: cli.host, runtime });
  const opened = await openRuntime({ ...choice, host: cli.host, clock: cli.clock, log: silentLog, owner, paths });
  try {
    return await opened.observePods();
  } finally {
    await opened.close();
  }
}
