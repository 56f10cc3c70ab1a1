import type { AgentPod } from '../../../kube/agent-socket.ts';
import type { ContainerStatus, Pod } from '../../../kube/types.ts';
import type { ContainerRuntime, ContainerStats } from '../../../runtime/runtime.ts';
import { containerStatuses, runtimeId } from '../container-statuses.ts';

/** A running container and what it uses. */
export type ContainerUsage = {
  readonly name: string;
  readonly startedMs: number;
  readonly attempt: number;
  readonly stats: ContainerStats;
};

export type PodUsage = { readonly pod: Pod; readonly containers: readonly ContainerUsage[] };

/** What the pods use that have a running container. Rejects when the runtime does. */
export async function podUsages(
  runtime: Pick<ContainerRuntime, 'stats'>,
  pods: readonly AgentPod[],
): Promise<readonly PodUsage[]> {
  const running = pods.map(({ pod }) => ({ pod, statuses: runningIn(pod) }));
  const all = await runtime.stats(running.flatMap(({ statuses }) => statuses.map(runtimeId)));
  const byId = new Map(all.map((stats) => [stats.id, stats]));
  return running
    .map(({ pod, statuses }) => ({
      pod,
      containers: statuses.flatMap((status) => usageOf(status, byId.get(runtimeId(status)))),
    }))
    .filter(({ containers }) => containers.length > 0);
}

function runningIn(pod: Pod): readonly ContainerStatus[] {
  return containerStatuses(pod).filter(({ state }) => state.running !== undefined);
}

function usageOf(
  { name, state, restartCount }: ContainerStatus,
  stats: ContainerStats | undefined,
): readonly ContainerUsage[] {
  if (stats === undefined) return [];
  return [{ name, startedMs: Date.parse(state.running?.startedAt ?? ''), attempt: restartCount, stats }];
}
