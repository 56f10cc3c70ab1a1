import { readOwnerId } from '../../agent/home/owner.ts';
import { sleep } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import type { Paths } from '../../config/paths.ts';
import { pathsOf } from '../../config/paths.ts';
import { agentDoor, noStarter } from '../agent/agent-door.ts';
import type { CliContext, CommandRun, CommonOptions } from '../command.ts';
import { styleOf } from '../style.ts';
import { rootDirOf } from '../workflow-context.ts';
import type { StatusInput } from './status-report.ts';
import { statusReport } from './status-report.ts';
import { plainScreen, type Screen } from './status-table.ts';

const watchEveryMs = 500;

/** `bootstrap status`: reads, changes nothing, needs no agent to say what it can. */
export const run: CommandRun = async (cli, { options, common }) => {
  const paths = pathsOf(rootDirOf(cli.host, options));
  const agent = agentDoor({ host: cli.host, clock: cli.clock, paths, starter: noStarter });
  const observe: StatusInput['observe'] = (runtime) => observePods(cli, paths, runtime);
  const look = () =>
    statusReport({ host: cli.host, clock: cli.clock, paths, agent, observe, screen: screenOf(cli, common) });
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
  const repaints = common.output === 'text' && cli.stdout.isTerminal;
  for (let shown = ''; !cli.signal.aborted; report = await look()) {
    const gist = gistOf(report.document);
    if (repaints) repaint(cli, report.table);
    else if (gist !== shown) show(report);
    shown = gist;
    await sleep(cli.clock, watchEveryMs, cli.signal);
  }
  return report.exitCode;
};

/** Whoever reads from a pipe wants one line per row. */
function screenOf({ stdout }: CliContext, { color }: CommonOptions): Screen {
  return stdout.isTerminal ? { columns: stdout.columns, style: styleOf(color) } : plainScreen;
}

/** From the top of the screen, clearing what was there: no flicker, no growing scrollback. */
function repaint({ stdout }: CliContext, text: string): void {
  const lines = text.trimEnd().split('\n');
  const room = (stdout.rows ?? lines.length + 1) - 1;
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} lines more`];
  stdout.write(`\u001b[H${shown.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
}

function gistOf(document: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(document);
}

/** The containers themselves, for when no agent can be asked. */
async function observePods(cli: CliContext, paths: Paths, runtime: Parameters<NonNullable<StatusInput['observe']>>[0]) {
  const owner = await readOwnerId(cli.host, paths.stateDir);
  if (owner === undefined || runtime === undefined) return [];
  const { chooseRuntime, openRuntime } = await import('../../runtime/open.ts');
  const choice = await chooseRuntime({ host: cli.host, runtime });
  const opened = await openRuntime({ ...choice, host: cli.host, clock: cli.clock, log: silentLog, owner, paths });
  try {
    return await opened.observePods();
  } finally {
    await opened.close();
  }
}
