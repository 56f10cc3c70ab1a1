import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { systemdUnit, unitName, unitPath } from './systemd-unit.ts';

/** How the agent comes to run, and is kept from coming back. */
export interface AgentStarter {
  /** Says how, for people. */
  start(): Promise<string>;
  disable(): Promise<void>;
}

/**
 * A systemd unit where systemd runs and the whole machine is ours; else a process in a session of its own. The unit's
 * stop leaves the pods alone, as every end of the agent does.
 */
export async function agentStarter(host: Host, paths: Paths): Promise<AgentStarter> {
  const systemd = host.uid === 0 && paths.root === '/' && (await host.stat('/run/systemd/system')) !== undefined;
  const systemctl = systemd ? await host.findProgram('systemctl') : undefined;
  return systemctl === undefined ? detachedStarter(host, paths) : systemdStarter(host, paths, systemctl);
}

function agentCommandLine(host: Pick<Host, 'selfCommand'>, paths: Paths): readonly string[] {
  return [...host.selfCommand(), 'agent', '--config', paths.agentConfig, '--root-dir', paths.root];
}

function detachedStarter(host: Host, paths: Paths): AgentStarter {
  return {
    start: async () => {
      const [program = '', ...args] = agentCommandLine(host, paths);
      const pid = await host.spawnDetached(program, [...args, '--log-file', paths.agentLog], {
        cwd: paths.root,
        // What it says before its log is open, or when it dies of a bug.
        output: paths.agentLog,
        env: host.environment(),
      });
      return pid === host.pid ? 'not in a dry run' : `pid ${pid}`;
    },
    disable: async () => {},
  };
}

function systemdStarter(host: Host, paths: Paths, systemctl: string): AgentStarter {
  const control = async (...args: readonly string[]) => {
    const result = await host.run(systemctl, args, { timeoutMs: 30_000 });
    if (result.code !== 0) throw new Error(`systemctl ${args.join(' ')}: ${result.stderr.trim()}`);
  };
  return {
    start: async () => {
      await host.writeFile(unitPath, await systemdUnit(host, agentCommandLine(host, paths)));
      await control('daemon-reload');
      await control('enable', unitName);
      await control('restart', unitName);
      return `systemd unit ${unitName}`;
    },
    disable: async () => {
      if ((await host.stat(unitPath)) !== undefined) await control('disable', '--now', unitName);
    },
  };
}
