import type { HostFiles } from '../../host/host.ts';
import type { ContainerStats, ResourceUsage } from '../runtime.ts';
import { findCgroupMounts } from './mounts.ts';
import { type GroupPlaces, groupOf, groupUsage } from './usage.ts';

type Doors = {
  readonly host: Pick<HostFiles, 'readText'>;
  readonly clock: { now(): number };
  /** The container's first process as the engine tells it; undefined when it does not run. */
  readonly pidOf: (id: string) => Promise<number | undefined>;
  /** The engine's own figures, which cost it much more. */
  readonly askEngine: (id: string) => Promise<ResourceUsage | undefined>;
};

/**
 * What containers use, read from their control groups: the engine is asked once for each container where its group is,
 * and for the figures where the groups are not to be seen from here.
 */
export class GroupStats {
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
    const { host, clock, askEngine } = this.#doors;
    const known = this.#places.get(id);
    const atMs = clock.now();
    const usage = known && (await groupUsage(host, known));
    if (usage !== undefined) return { id, atMs, ...usage };
    const found = await this.#find(id);
    if (found === undefined) return undefined;
    const fresh = found === 'hidden' ? await askEngine(id) : await groupUsage(host, found);
    return fresh && { id, atMs: clock.now(), ...fresh };
  }

  async #find(id: string): Promise<GroupPlaces | 'hidden' | undefined> {
    const { host, pidOf } = this.#doors;
    const pid = await pidOf(id);
    if (pid === undefined) return undefined;
    const mounts = await findCgroupMounts(host);
    const place = mounts && (await groupOf(host, mounts, pid));
    const isSeen = place !== undefined && (await groupUsage(host, place)) !== undefined;
    if (!isSeen) return 'hidden';
    this.#places.set(id, place);
    return place;
  }
}
