import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { rootFlag } from '../root-flag.ts';
import { hasUnit, systemdStarter } from './systemd-starter.ts';
import { unitName } from './systemd-unit.ts';

/** How the agent comes to run, and is kept from coming back. */
export interface AgentStarter {
  /** Says how, for people. Does not wait for it. */
  start(): Promise<string>;
  /** Ends what would bring an ended agent back; the next boot still does. */
  stop(): Promise<void>;
  /** Also the next boot brings none; what was undone for that, in words. */
  retire(): Promise<readonly string[]>;
  /** Where its log is, a path or a command, and the last lines. */
  lastWords(count: number): Promise<{ readonly where: string; readonly lines: readonly string[] }>;
}

/**
 * A systemd unit where systemd runs and the whole machine is ours; else a process in a session of its own. The unit's
 * stop leaves the pods alone, as every end of the agent does.
 */
export async function agentStarter(host: Host, paths: Paths): Promise<AgentStarter> {
  const command = agentCommandLine(host, paths);
  const isService = host.uid === 0 && (await mayBeService(host, paths));
  const systemctl = isService ? await host.findProgram('systemctl') : undefined;
  return systemctl === undefined ? detachedStarter(host, paths, command) : systemdStarter(host, systemctl, command);
}

/** The command that brings back an agent that is not running, for people; `hasPlane`: there is a control plane to run. */
export async function startAgainCommand(
  host: Pick<Host, 'stat' | 'readText'>,
  paths: Paths,
  hasPlane: boolean,
): Promise<string> {
  if ((await mayBeService(host, paths)) && (await hasUnit(host))) return `systemctl start ${unitName}`;
  return `bootstrap ${hasPlane ? 'init' : 'agent'}${rootFlag(paths.root)}`;
}

async function mayBeService(host: Pick<Host, 'stat'>, { root }: Paths): Promise<boolean> {
  return root === '/' && (await host.stat('/run/systemd/system')) !== undefined;
}

function agentCommandLine(host: Pick<Host, 'selfCommand'>, paths: Paths): readonly string[] {
  return [...host.selfCommand(), 'agent', '--config', paths.agentConfig, '--root-dir', paths.root];
}

function detachedStarter(host: Host, paths: Paths, [program = '', ...args]: readonly string[]): AgentStarter {
  return {
    start: async () => {
      const pid = await host.spawnDetached(program, [...args, '--log-file', paths.agentLog], {
        cwd: paths.root,
        // What it says before its log is open, or when it dies of a bug.
        output: paths.agentLog,
        env: host.environment(),
      });
      return pid === host.pid ? 'not in a dry run' : `pid ${pid}`;
    },
    stop: async () => {},
    retire: async () => [],
    lastWords: async (count) => {
      const text = (await host.readText(paths.agentLog)) ?? '';
      return { where: paths.agentLog, lines: text.trimEnd().split('\n').slice(-count) };
    },
  };
}
