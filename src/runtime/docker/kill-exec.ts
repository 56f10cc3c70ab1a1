import type Docker from 'dockerode';
import { type Clock, sleep } from '../../base/clock.ts';
import { hasCode, messageOf } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import type { DockerClient } from './client.ts';

export type KillContext = {
  readonly client: DockerClient;
  readonly clock: Clock;
  readonly host: Pick<Host, 'killTree' | 'readText' | 'list'>;
  readonly warn: (message: string) => void;
};

export type Exec = { readonly id: string; readonly containerId: string };

/** Docker sees the beginning and the end of an exec some milliseconds after it. */
const seenWithinMs = 2000;
const lookEveryMs = 20;

/**
 * Docker cannot end an exec: its process is killed with all that it has started, by the pid that Docker tells. Undefined
 * when it still runs after that, since its pid cannot be found here or belongs to another user, which is said once.
 */
export async function killExec(context: KillContext, exec: Exec): Promise<Docker.ExecInspectInfo | undefined> {
  // Asked to begin, it may not have begun yet; it would then go on unseen.
  const info = await when(context, exec, (seen) => hasEnded(seen) || (seen.Running && seen.Pid > 0));
  if (info === undefined || hasEnded(info)) return info;
  try {
    const pid = await pidHere(context.host, info.Pid, exec.containerId);
    if (pid === undefined) {
      context.warn('commands in containers that time out go on: their processes cannot be seen from here');
      return undefined;
    }
    await context.host.killTree(pid);
  } catch (thrown) {
    if (!hasCode(thrown, 'EPERM')) throw thrown;
    context.warn(`commands in containers that time out go on, since this user may not end them: ${messageOf(thrown)}`);
    return undefined;
  }
  return when(context, exec, hasEnded);
}

/** Neither running nor with an exit code: Docker has not begun it yet. */
export function hasEnded({ Running, ExitCode }: Docker.ExecInspectInfo): boolean {
  return !Running && ExitCode !== null;
}

/** Docker's own view of an exec. */
export function inspectExec(client: DockerClient, id: string): Promise<Docker.ExecInspectInfo> {
  return client.call('cannot look at a command in a container', (docker, abortSignal) =>
    docker.getExec(id).inspect({ abortSignal }),
  );
}

async function when(
  { client, clock }: KillContext,
  { id }: Exec,
  condition: (info: Docker.ExecInspectInfo) => boolean,
): Promise<Docker.ExecInspectInfo | undefined> {
  for (let waitedMs = 0; waitedMs < seenWithinMs; waitedMs += lookEveryMs) {
    const info = await inspectExec(client, id);
    if (condition(info)) return info;
    await sleep(clock, lookEveryMs, client.closed);
    client.closed.throwIfAborted();
  }
  return undefined;
}

/**
 * The pid here of what is `told` where dockerd lives, which may be another pid namespace (proc(5), NSpid). A pid alone
 * could be anybody's: it counts only within the container's control group.
 */
export async function pidHere(
  host: Pick<Host, 'readText' | 'list'>,
  told: number,
  containerId: string,
): Promise<number | undefined> {
  const isInside = async (pid: number) => (await read(host, `/proc/${pid}/cgroup`)).includes(containerId);
  if (await isInside(told)) return told;
  for (const name of ((await host.list('/proc')) ?? []).filter((entry) => /^\d+$/.test(entry))) {
    const pid = Number(name);
    if (!(await isInside(pid))) continue;
    const namespaced = /^NSpid:\s*(.*)$/m.exec(await read(host, `/proc/${pid}/status`))?.[1]?.split(/\s+/) ?? [];
    if (namespaced.includes(String(told))) return pid;
  }
  return undefined;
}

async function read(host: Pick<Host, 'readText'>, path: string): Promise<string> {
  try {
    return (await host.readText(path)) ?? '';
  } catch (thrown) {
    // It ended between the two calls.
    if (hasCode(thrown, 'ESRCH')) return '';
    throw thrown;
  }
}
