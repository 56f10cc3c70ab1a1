import type { HostFiles } from '../../host/host.ts';
import { findCgroupMounts } from '../cgroups/mounts.ts';
import { type GroupPlaces, groupOf, groupUsage } from '../cgroups/usage.ts';
import type { ContainerStats, ResourceUsage } from '../runtime.ts';
import { type DockerClient, lookTimeoutMs } from './client.ts';
import { inspectContainer } from './remove.ts';

type Doors = {
  readonly client: DockerClient;
  readonly host: Pick<HostFiles, 'readText'>;
  readonly clock: { now(): number };
};

/** cgroup v1's and v2's members of the engine's answer (Engine API, ContainerStats). */
type EngineMemory = {
  readonly usage?: number;
  readonly limit?: number;
  readonly stats?: Readonly<Record<string, number>>;
};

/**
 * What containers use, read from their control groups: dockerd is asked once for each container where its group is. The
 * engine's own figures, which cost it much more, are taken where the groups are not to be seen from here.
 */
export class DockerStats {
  readonly #doors: Doors;
  #places = new Map<string, GroupPlaces>();

  constructor(doors: Doors) {
    this.#doors = doors;
  }

  /** Those that run; a container that is gone is left out. */
  async of(ids: readonly string[]): Promise<readonly ContainerStats[]> {
    this.#places = new Map([...this.#places].filter(([id]) => ids.includes(id)));
    const all = await Promise.all(ids.map((id) => this.#one(id).catch(() => undefined)));
    return all.filter((stats) => stats !== undefined);
  }

  async #one(id: string): Promise<ContainerStats | undefined> {
    const { host, clock } = this.#doors;
    const known = this.#places.get(id);
    const atMs = clock.now();
    const usage = known && (await groupUsage(host, known));
    if (usage !== undefined) return { id, atMs, ...usage };
    const found = await this.#find(id);
    if (found === undefined) return undefined;
    const fresh = found === 'hidden' ? await this.#askEngine(id) : await groupUsage(host, found);
    return fresh && { id, atMs: clock.now(), ...fresh };
  }

  async #find(id: string): Promise<GroupPlaces | 'hidden' | undefined> {
    const { State } = await inspectContainer(this.#doors.client, id);
    if (!State.Running) return undefined;
    const mounts = await findCgroupMounts(this.#doors.host);
    const place = mounts && (await groupOf(this.#doors.host, mounts, State.Pid));
    const isSeen = place !== undefined && (await groupUsage(this.#doors.host, place)) !== undefined;
    if (!isSeen) return 'hidden';
    this.#places.set(id, place);
    return place;
  }

  async #askEngine(id: string): Promise<ResourceUsage> {
    const answer = await this.#doors.client.call(
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
}
