import { dirname } from 'node:path';
import { agentSocketPath } from '../../agent/home/socket-path.ts';
import type { AgentConfiguration } from '../../agent/settings/configuration.ts';
import type { Clock } from '../../base/clock.ts';
import { sleep } from '../../base/clock.ts';
import { OperationError } from '../../base/errors.ts';
import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { lockHolder } from '../../host/lock.ts';
import type { AgentStatus } from '../../kube/agent-socket.ts';
import { agentPaths } from '../../kube/agent-socket.ts';
import { parseJsonOrYaml, toYaml } from '../../kube/yaml.ts';
import type { AgentDoor } from '../../phases/context.ts';
import type { AgentStarter } from './agent-starter.ts';

/** Also of an agent on a machine that has its hands full. */
const answerWithinMs = 5_000;
const stopWithinMs = 10_000;
const lookEveryMs = 25;

type DoorInput = { readonly host: Host; readonly clock: Clock; readonly paths: Paths; readonly starter: AgentStarter };

/** For whoever only asks. */
export const noStarter: AgentStarter = {
  start: async () => '',
  stop: async () => {},
  retire: async () => [],
  lastWords: async () => ({ where: '', lines: [] }),
};

/** The agent of a root directory, over its socket and its lock file. */
export function agentDoor({ host, clock, paths, starter }: DoorInput): AgentDoor {
  const pid = async () => (await lockHolder(host, paths.agentLock))?.pid;
  const ask = async (path: string, method: 'GET' | 'POST' = 'GET') => {
    const socketPath = await agentSocketPath(host, paths);
    return host.request(`http://agent${path}`, { socketPath, method, timeoutMs: answerWithinMs });
  };
  return {
    pid,
    status: () => statusOver(ask),
    configuration: async () => {
      const text = await host.readText(paths.agentConfig);
      // Whatever else is in that place is another configuration than ours, and is replaced.
      return text === undefined ? undefined : (parseJsonOrYaml(text) as AgentConfiguration | undefined);
    },
    configure: async (configuration) => {
      await host.makeDirectory(dirname(paths.runDir));
      await host.makeDirectory(paths.podLogsDir);
      await host.makeDirectory(paths.containerLogsDir);
      await host.makeDirectory(paths.runDir, { mode: 0o700 });
      await host.writeFile(paths.agentConfig, toYaml(configuration), { mode: 0o600 });
    },
    start: () => starter.start(),
    stop: async () => {
      const running = await pid();
      await starter.stop();
      if (running === undefined) return false;
      if ((await pid()) !== running) return true;
      await ask(agentPaths.stop, 'POST').catch(() => host.kill(running, 'SIGTERM'));
      await gone({ host, clock, pid, running });
      return true;
    },
    retire: () => starter.retire(),
    lastWords: (count) => starter.lastWords(count),
    look: async () => {
      await ask(agentPaths.look, 'POST');
    },
  };
}

async function statusOver(ask: (path: string) => ReturnType<Host['request']>): Promise<AgentStatus | undefined> {
  try {
    const answer = await ask(agentPaths.status);
    return answer.status === 200 ? (JSON.parse(Buffer.from(answer.body).toString()) as AgentStatus) : undefined;
  } catch {
    // No socket, nobody behind it, or no answer in time: the lock says whether one lives.
    return undefined;
  }
}

async function gone(input: {
  readonly host: Host;
  readonly clock: Clock;
  readonly pid: () => Promise<number | undefined>;
  readonly running: number;
}): Promise<void> {
  const { host, clock, pid, running } = input;
  const sinceMs = clock.now();
  for (let killed = false; (await pid()) === running; ) {
    const elapsedMs = clock.now() - sinceMs;
    if (elapsedMs > 2 * stopWithinMs)
      throw new OperationError(`the agent (pid ${running}) does not end, not even on SIGKILL`);
    if (elapsedMs > stopWithinMs && !killed) killed = host.kill(running, 'SIGKILL');
    await sleep(clock, lookEveryMs);
  }
}
