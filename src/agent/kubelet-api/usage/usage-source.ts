import type { Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import type { Host } from '../../../host/host.ts';
import type { AgentPod } from '../../../kube/agent-socket.ts';
import type { ContainerRuntime } from '../../../runtime/runtime.ts';
import type { AgentPaths } from '../../home/paths.ts';
import { podPaths } from '../../home/pod-paths.ts';
import { exposition } from '../../metrics/registry.ts';
import { NanoCores } from './nano-cores.ts';
import { nodeUsage } from './node-usage.ts';
import { type ContainerUsage, type PodUsage, podUsages } from './pod-usage.ts';
import { type ResourceFigures, resourceFamilies } from './resource-metrics.ts';
import { summary } from './summary.ts';

export type UsageDoors = {
  readonly host: Pick<Host, 'readText' | 'stat' | 'freeBytes' | 'diskBytes' | 'defaultInterface'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly paths: AgentPaths;
  readonly nodeName: string;
  readonly runtime: Pick<ContainerRuntime, 'stats'>;
  readonly pods: () => readonly AgentPod[];
};

/** What node and pods use, looked at when somebody asks. */
export class UsageSource {
  readonly #doors: UsageDoors;
  readonly #nanoCores = new NanoCores();

  constructor(doors: UsageDoors) {
    this.#doors = doors;
  }

  /** `/metrics/resource`; says itself when it fails. */
  async metrics(): Promise<string> {
    try {
      return exposition(resourceFamilies(await this.#look()));
    } catch (thrown) {
      this.#doors.log.warn(`what containers use cannot be read: ${messageOf(thrown)}`);
      return exposition(resourceFamilies(undefined));
    }
  }

  /** `/stats/summary`. Rejects when the runtime does not answer. */
  async summary(onlyCpuAndMemory: boolean) {
    const { host, paths, nodeName } = this.#doors;
    const [figures, availableBytes, capacityBytes, defaultInterface] = await Promise.all([
      this.#look(),
      host.freeBytes(paths.stateDir),
      host.diskBytes(paths.stateDir),
      host.defaultInterface(4),
    ]);
    const containers = figures.pods.flatMap((usage) => usage.containers.map(({ stats }) => stats));
    const nanoCores = this.#nanoCores.of([{ id: '', ...figures.node }, ...containers]);
    const logs = onlyCpuAndMemory ? new Map<ContainerUsage, number>() : await this.#logSizes(figures.pods);
    return summary({
      ...figures,
      nodeName,
      disk: { capacityBytes, availableBytes },
      defaultInterface,
      nanoCores,
      logBytes: (container) => logs.get(container),
      onlyCpuAndMemory,
    });
  }

  async #look(): Promise<ResourceFigures> {
    const { host, clock, runtime, pods } = this.#doors;
    const [node, usages] = await Promise.all([nodeUsage(host, clock.now()), podUsages(runtime, pods())]);
    return { node, pods: usages };
  }

  async #logSizes(pods: readonly PodUsage[]): Promise<ReadonlyMap<ContainerUsage, number>> {
    const all = pods.flatMap(({ pod, containers }) => containers.map((container) => ({ pod, container })));
    const sizes = await Promise.all(
      all.map(async ({ pod: { metadata }, container }) => {
        const at = podPaths(this.#doors.paths, { ...metadata, uid: metadata.uid ?? '' });
        const found = await this.#doors.host.stat(at.containerLog(container.name, container.attempt));
        return [container, found?.size ?? 0] as const;
      }),
    );
    return new Map(sizes);
  }
}
