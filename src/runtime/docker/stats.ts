import { GroupStats } from '../cgroups/container-stats.ts';
import type { ResourceUsage } from '../runtime.ts';
import { type DockerClient, lookTimeoutMs } from './client.ts';
import { inspectContainer } from './remove.ts';

type Doors = Pick<ConstructorParameters<typeof GroupStats>[0], 'host' | 'clock'> & { readonly client: DockerClient };

/** cgroup v1's and v2's members of the engine's answer (Engine API, ContainerStats). */
type EngineMemory = {
  readonly usage?: number;
  readonly limit?: number;
  readonly stats?: Readonly<Record<string, number>>;
};

/** What containers in a Docker Engine use. */
export function dockerStats({ host, clock, client }: Doors): GroupStats {
  const pidOf = async (id: string) => {
    const { State } = await inspectContainer(client, id);
    return State.Running ? State.Pid : undefined;
  };
  return new GroupStats({ host, clock, pidOf, askEngine: (id) => askEngine(client, id) });
}

async function askEngine(client: DockerClient, id: string): Promise<ResourceUsage> {
  const answer = await client.call(
    `cannot ask what container ${id.slice(0, 12)} uses`,
    (docker, abortSignal) => {
      const options = { stream: false, 'one-shot': true, abortSignal } as const;
      return docker.getContainer(id).stats(options);
    },
    { timeoutMs: lookTimeoutMs },
  );
  const memory: EngineMemory = answer.memory_stats;
  const { usage: usageBytes = 0, limit, stats = {} } = memory;
  return {
    cpuNanoseconds: answer.cpu_stats.cpu_usage.total_usage,
    usageBytes,
    workingSetBytes: Math.max(0, usageBytes - (stats.total_inactive_file ?? stats.inactive_file ?? 0)),
    rssBytes: stats.total_rss ?? stats.anon ?? 0,
    pageFaults: stats.total_pgfault ?? stats.pgfault ?? 0,
    majorPageFaults: stats.total_pgmajfault ?? stats.pgmajfault ?? 0,
    ...(limit === undefined ? {} : { limitBytes: limit }),
  };
}
