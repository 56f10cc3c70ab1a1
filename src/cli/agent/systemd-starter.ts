import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import type { AgentStarter } from './agent-starter.ts';
import { isOwnUnit, ownUnit, packagedUnitPaths, planUnit, systemdUnit, unitName, unitPath } from './systemd-unit.ts';

type SystemdHost = Pick<Host, 'readText' | 'readLink' | 'list' | 'writeFile' | 'remove' | 'run' | 'findProgram'>;

/** Longer than TimeoutStopSec of the unit. */
const controlWithinMs = 60_000;

/** The agent as a unit of systemd: the package's where one starts this very program, else one of our own in /etc. */
export function systemdStarter(host: SystemdHost, systemctl: string, command: readonly string[]): AgentStarter {
  const control = async (...args: readonly string[]) => {
    const result = await host.run(systemctl, args, { timeoutMs: controlWithinMs });
    if (result.code === 0) return;
    throw new OperationError(`systemctl ${args.join(' ')}: ${result.stderr.trim() || `exit code ${result.code}`}`, {
      hint: `journalctl -u ${unitName} --no-pager -n 30   shows why`,
    });
  };
  return {
    start: async () => {
      const because = await settleUnit(host, command, () => control('daemon-reload'));
      await control('enable', unitName);
      // Whoever starts it asks the agent itself whether it is there.
      await control('restart', '--no-block', unitName);
      return `systemd unit ${because}`;
    },
    stop: async () => {
      if (await hasUnit(host)) await control('stop', unitName);
    },
    retire: async () => {
      if (!(await hasUnit(host))) return [];
      await control('disable', '--now', unitName);
      if (!isOwnUnit(await host.readText(unitPath))) return [`${unitName} disabled`];
      await host.remove(unitPath);
      await control('daemon-reload');
      return [`${unitName} disabled and removed`];
    },
    lastWords: async (count) => {
      const journalctl = await host.findProgram('journalctl');
      const args = ['--unit', unitName, '--lines', String(count), '--output', 'cat', '--no-pager'];
      const said = journalctl && (await host.run(journalctl, args, { timeoutMs: 10_000 }).catch(() => undefined));
      return {
        where: `journalctl -u ${unitName}`,
        lines: linesOf(said === undefined || said === '' ? '' : said.stdout),
      };
    },
  };
}

/** Makes the unit file in /etc what it should be; says which unit there is. */
async function settleUnit(host: SystemdHost, command: readonly string[], reload: () => Promise<void>): Promise<string> {
  if ((await host.readLink(unitPath).catch(() => undefined)) === '/dev/null') {
    throw new OperationError(`${unitName} is masked`, { hint: `systemctl unmask ${unitName}` });
  }
  const unit = await systemdUnit(host, command);
  const { do: action, because } = planUnit(unit, {
    present: await host.readText(unitPath),
    packaged: await packagedUnit(host),
  });
  if (action === 'write') await host.writeFile(unitPath, ownUnit(unit));
  if (action === 'remove') await host.remove(unitPath);
  if (action !== 'keep') await reload();
  return because;
}

async function packagedUnit(host: Pick<Host, 'readText'>): Promise<string | undefined> {
  const texts = await Promise.all(packagedUnitPaths.map((path) => host.readText(path)));
  return texts.find((text) => text !== undefined);
}

/** Whether a unit file of the agent's is there: the administrator's, one that `init` wrote, or the package's. */
export async function hasUnit(host: Pick<Host, 'readText'>): Promise<boolean> {
  return ((await host.readText(unitPath)) ?? (await packagedUnit(host))) !== undefined;
}

function linesOf(text: string): readonly string[] {
  return text.trimEnd() === '' ? [] : text.trimEnd().split('\n');
}
