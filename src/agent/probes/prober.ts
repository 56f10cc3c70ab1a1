import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Container, Probe } from '../../kube/types.ts';
import type { ProbeResults } from '../plan/facts.ts';
import { ProbeWorker } from './probe-worker.ts';
import { type ProbeDoors, type ProbeTarget, runProbe } from './run-probe.ts';

/** A running container as the prober sees it. */
export type Probed = ProbeTarget & { readonly startedAtMs: number };

type Kind = 'startup' | 'liveness' | 'readiness';
type Tracked = { results: ProbeResults; readonly workers: Map<Kind, ProbeWorker> };

/**
 * Probes the running containers. Startup first and alone; from its success on liveness and readiness, at once. A failed
 * startup or liveness probe is a result for good: the container is going to be replaced (kubelet pkg/kubelet/prober).
 */
export class Prober {
  readonly #doors: ProbeDoors;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onChange: (podKey: string) => void;
  readonly #pods = new Map<string, Map<string, Tracked>>();

  constructor(options: {
    readonly doors: ProbeDoors;
    readonly clock: Clock;
    readonly log: Log;
    /** The results of a container of this pod have changed. */
    readonly onChange: (podKey: string) => void;
  }) {
    this.#doors = options.doors;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#onChange = options.onChange;
  }

  /** Probes exactly these containers of a pod from now on; what is known about them stays. */
  track(podKey: string, running: readonly Probed[]): void {
    const before = this.#pods.get(podKey) ?? new Map<string, Tracked>();
    const now = new Map<string, Tracked>();
    for (const probed of running) {
      now.set(probed.containerId, before.get(probed.containerId) ?? this.#begin(podKey, probed));
    }
    for (const [id, tracked] of before) if (!now.has(id)) endAll(tracked);
    if (now.size === 0) this.#pods.delete(podKey);
    else this.#pods.set(podKey, now);
  }

  /** What is known about one container of a pod; undefined when it is not probed. */
  results(podKey: string, containerId: string): ProbeResults | undefined {
    return this.#pods.get(podKey)?.get(containerId)?.results;
  }

  close(): void {
    for (const containers of this.#pods.values()) for (const tracked of containers.values()) endAll(tracked);
    this.#pods.clear();
  }

  #begin(podKey: string, probed: Probed): Tracked {
    const { startupProbe, livenessProbe, readinessProbe } = probed.container;
    const tracked: Tracked = { results: initialResults(probed.container), workers: new Map() };
    const add = (kind: Kind, probe: Probe | undefined) => {
      if (probe !== undefined) tracked.workers.set(kind, this.#worker({ podKey, probed, kind, probe, tracked }));
    };
    add('startup', startupProbe);
    add('liveness', livenessProbe);
    add('readiness', readinessProbe);
    if (startupProbe !== undefined) tracked.workers.get('startup')?.start();
    else for (const worker of tracked.workers.values()) worker.start();
    return tracked;
  }

  #worker(what: {
    readonly podKey: string;
    readonly probed: Probed;
    readonly kind: Kind;
    readonly probe: Probe;
    readonly tracked: Tracked;
  }): ProbeWorker {
    const { podKey, probed, kind, probe, tracked } = what;
    return new ProbeWorker({
      probe,
      clock: this.#clock,
      startedAtMs: probed.startedAtMs,
      run: async () => {
        const outcome = await runProbe(this.#doors, probe, probed);
        // Told before it counts: it explains what somebody may be waiting for.
        if (outcome.result !== 'success') {
          tracked.results = { ...tracked.results, message: `${kind} probe: ${outcome.message}` };
        }
        return outcome;
      },
      onResult: (result, message) => {
        if (tracked.results[kind] === result) return;
        tracked.results = withResult(tracked.results, kind, result);
        const verdict = result === 'success' ? 'succeeds' : `fails: ${message}`;
        this.#log.info(`${podKey}: ${kind} probe of ${probed.container.name} ${verdict}`);
        this.#follow(tracked, kind, result);
        this.#onChange(podKey);
      },
    });
  }

  #follow(tracked: Tracked, kind: Kind, result: 'success' | 'failure'): void {
    const { workers } = tracked;
    if (kind === 'startup') workers.get('startup')?.end();
    if (kind === 'startup' && result === 'success') {
      workers.get('liveness')?.start();
      workers.get('readiness')?.start();
    }
    if (kind === 'liveness' && result === 'failure') for (const worker of workers.values()) worker.end();
  }
}

/** Without a probe the answer is yes, as soon as the container runs. */
function initialResults({ startupProbe, readinessProbe }: Container): ProbeResults {
  return {
    startup: startupProbe === undefined ? 'success' : 'unknown',
    liveness: 'success',
    readiness: readinessProbe === undefined ? 'success' : 'failure',
  };
}

function withResult(results: ProbeResults, kind: Kind, result: 'success' | 'failure'): ProbeResults {
  const { message, ...rest } = results;
  return { ...rest, [kind]: result, ...(result === 'failure' && message !== undefined ? { message } : {}) };
}

function endAll({ workers }: Tracked): void {
  for (const worker of workers.values()) worker.end();
}
