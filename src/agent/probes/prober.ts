import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { TlsSessions } from '../../host/tls-sessions.ts';
import type { AgentObserver } from '../metrics/observer.ts';
import type { ProbeResults } from '../plan/facts.ts';
import { ContainerProbes, type Probed } from './container-probes.ts';
import type { ProbeDoors } from './run-probe.ts';

/**
 * Probes the running containers (kubelet pkg/kubelet/prober). All that it knows may be lost: what matters over a restart
 * of the agent comes back with `Probed.before`.
 */
export class Prober {
  readonly #shared: ConstructorParameters<typeof ContainerProbes>[0];
  readonly #pods = new Map<string, Map<string, ContainerProbes>>();

  constructor(options: {
    readonly doors: ProbeDoors;
    readonly clock: Clock;
    readonly log: Log;
    /** The results of a container of this pod have changed. */
    readonly onChange: (podKey: string) => void;
    readonly observer?: Pick<AgentObserver, 'probed' | 'event'> | undefined;
  }) {
    const { doors } = options;
    this.#shared = { ...options, doors: { host: doors.host, runtime: doors.runtime, tls: new TlsSessions() } };
  }

  /** Probes exactly these containers of a pod from now on; what is known about them stays. */
  track(podKey: string, running: readonly Probed[]): void {
    const before = this.#pods.get(podKey);
    const ids = new Set(running.map(({ containerId }) => containerId));
    for (const [id, probes] of before ?? []) {
      if (ids.has(id)) continue;
      probes.end();
      before?.delete(id);
    }
    for (const probed of running) this.add(podKey, probed);
    if (ids.size === 0) this.#pods.delete(podKey);
  }

  /** Probes this container too, which has just started or is known already. */
  add(podKey: string, probed: Probed): void {
    const containers = this.#pods.get(podKey) ?? new Map<string, ContainerProbes>();
    this.#pods.set(podKey, containers);
    const known = containers.get(probed.containerId) ?? new ContainerProbes(this.#shared, podKey, probed);
    containers.set(probed.containerId, known);
    if (probed.ending) known.wind();
  }

  /** What is known about one container of a pod; undefined when it is not probed. */
  results(podKey: string, containerId: string): ProbeResults | undefined {
    return this.#pods.get(podKey)?.get(containerId)?.results;
  }

  close(): void {
    for (const containers of this.#pods.values()) for (const probes of containers.values()) probes.end();
    this.#pods.clear();
  }
}
