import { dirname, join } from 'node:path';
import { readOwnerId } from '../../agent/home/owner.ts';
import type { Rival } from '../../agent/takeover/takeover.ts';
import { pathsOf } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { lockHolder } from '../../host/lock.ts';
import { findPrograms } from '../../host/programs.ts';
import { labels } from '../../runtime/labels.ts';
import type { ObservedPod } from '../../runtime/runtime.ts';

type RivalHost = Pick<Host, 'list' | 'readText' | 'readLink' | 'identify' | 'listeners' | 'pid'>;

/** Programs that are a kubelet or hold one, as /proc/PID/comm tells them. */
const kubelets: readonly string[] = ['kubelet', 'k3s', 'k3s-server', 'k3s-agent', 'k0s', 'kubelite'];
/** Where a kubelet answers that it is well (kubelet's --healthz-port). */
const healthzPort = 10_248;

/** Who looks after these pods of others and would bring back what is stopped: a kubelet, or the agent of another root. */
export async function rivalOf(host: RivalHost, pods: readonly ObservedPod[]): Promise<Rival | undefined> {
  return (await findKubelet(host)) ?? findAgent(host, pods);
}

/** A kubelet that sees our files or answers at our localhost; not one in a container or namespace of its own. */
export async function findKubelet(host: RivalHost): Promise<Rival | undefined> {
  const [found] = await findPrograms(host, kubelets);
  const pid = found?.pid ?? (await listeningKubelet(host));
  if (pid === undefined) return undefined;
  return {
    problem: `a kubelet runs here (pid ${pid}), which would bring its pods back`,
    hint: 'stop it for good first, such as by: systemctl disable --now kubelet',
  };
}

async function listeningKubelet(host: RivalHost): Promise<string | undefined> {
  const listeners = await host.listeners(healthzPort);
  return listeners.find(({ program = '' }) => kubelets.includes(program))?.pid?.toString();
}

/** By the logs of its containers is known which root directory another owner has, and there stands who it is. */
async function findAgent(host: RivalHost, pods: readonly ObservedPod[]): Promise<Rival | undefined> {
  const logs = pods.flatMap(({ containers }) => containers.map(({ logPath, labels: own }) => ({ logPath, own })));
  const owners = new Map(logs.map(({ logPath, own }) => [rootOf(logPath), own[labels.owner]]));
  for (const [root, owner] of owners) {
    if (root === undefined || owner === undefined) continue;
    const { stateDir, agentLock } = pathsOf(root);
    const holder = await lockHolder(host, agentLock);
    if (holder === undefined || holder.pid === host.pid || (await readOwnerId(host, stateDir)) !== owner) continue;
    return {
      problem: `the agent of ${root} (pid ${holder.pid}) runs these pods`,
      hint: `end it first: kill ${holder.pid}`,
    };
  }
  return undefined;
}

/** The root directory in `ROOT/var/log/pods/POD/CONTAINER/0.log`. */
function rootOf(logPath: string): string | undefined {
  const podLogs = dirname(dirname(dirname(logPath)));
  const root = podLogs.endsWith('/var/log/pods') ? podLogs.slice(0, -'/var/log/pods'.length) : undefined;
  return root === undefined ? undefined : join('/', root);
}
