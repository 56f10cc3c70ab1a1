import { agentSocketPath } from '../../agent/home/socket-path.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { OperationError, PreflightError } from '../../base/errors.ts';
import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { lockHolder } from '../../host/lock.ts';
import type { AgentStatus, RestartAnswer } from '../../kube/agent-socket.ts';
import { agentPaths } from '../../kube/agent-socket.ts';
import type { RolloutAgent } from '../../rollout/apply/context.ts';
import { agentDoor } from '../agent/agent-door.ts';
import { agentStarter } from '../agent/agent-starter.ts';

/** Longer than an agent takes for a look at a slow disk; what it does afterwards is not waited for. */
const answerWithinMs = 10_000;
const askEveryMs = 50;
const overlapForMs = 30 * 60_000;
/** A move takes its time with every pod; the end of this process ends it too. */
const stayForMs = 6 * 3_600_000;

type DoorInput = { readonly host: Host; readonly clock: Clock; readonly paths: Paths };

/**
 * What a rollout asks of the running agent of a root directory; this process is the holder of what it asks for. Throws
 * PreflightError when the agent refuses, and what `Host.request` throws when none answers.
 */
export function rolloutAgent({ host, clock, paths }: DoorInput): RolloutAgent {
  const ask = async (path: string, query: Readonly<Record<string, string>> = {}, method: 'GET' | 'POST' = 'POST') => {
    const socketPath = await agentSocketPath(host, paths);
    const url = `http://agent${path}?${new URLSearchParams(query)}`;
    const { status, body } = await host.request(url, { socketPath, method, timeoutMs: answerWithinMs });
    const text = Buffer.from(body).toString();
    if (status === 409) throw new PreflightError(`the agent refuses: ${text.trim()}`);
    if (status >= 300) throw new OperationError(`the agent answers ${status} to ${path}: ${text.trim()}`);
    return text;
  };
  const holder = async (forMs: number) => {
    const { pid, startTicks = '' } = (await host.identify(host.pid)) ?? { pid: host.pid };
    return { pid: String(pid), startTicks, forMs: String(forMs) };
  };
  const status = async () => {
    const text = await ask(agentPaths.status, {}, 'GET').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as AgentStatus);
  };
  const revive = async () => {
    if ((await lockHolder(host, paths.agentLock)) !== undefined) return false;
    await (await agentStarter(host, paths)).start();
    const sinceMs = clock.now();
    while (clock.now() - sinceMs < answerWithinMs && (await status()) === undefined) await sleep(clock, askEveryMs);
    return true;
  };
  return {
    status,
    revive,
    reload: async () => {
      await agentDoor({ host, clock, paths, starter: await agentStarter(host, paths) }).stop();
      await revive();
    },
    look: async () => void (await ask(agentPaths.look)),
    overlap: async (file, { forMs = overlapForMs } = {}) => {
      await ask(agentPaths.overlap, { file, ...(await holder(forMs)) });
    },
    stay: async (file, place) => void (await ask(agentPaths.stay, { file, place, ...(await holder(stayForMs)) })),
    stopOld: async (file) => void (await ask(agentPaths.stopOld, { file })),
    restart: async (file) => (JSON.parse(await ask(agentPaths.restart, { file })) as RestartAnswer).replaced,
  };
}
