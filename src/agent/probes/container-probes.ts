import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Probe } from '../../kube/types.ts';
import { deeds } from '../events/deeds.ts';
import type { EventSubject } from '../events/subject.ts';
import { tell } from '../events/tell.ts';
import type { AgentObserver, ProbeRun } from '../metrics/observer.ts';
import type { ProbeResults } from '../plan/facts.ts';
import { type FirstRun, ProbeWorker } from './probe-worker.ts';
import { type ProbeDoors, type ProbeOutcome, type ProbeTarget, runProbe } from './run-probe.ts';

/** A running container as the prober sees it. */
export type Probed = ProbeTarget & {
  readonly startedAtMs: number;
  readonly podUid?: string;
  /** Whom events are about. */
  readonly subject?: EventSubject;
  /** What the agent before this one knew: taken as it is until a probe says otherwise, so that nothing flaps. */
  readonly before?: { readonly started: boolean; readonly ready: boolean };
  /** It is being stopped with its pod: its liveness and its start do not matter any more, its readiness does. */
  readonly ending?: boolean;
};

type Kind = ProbeRun['kind'];

type Shared = {
  readonly doors: ProbeDoors;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (podKey: string) => void;
  readonly observer?: Pick<AgentObserver, 'probed' | 'event'> | undefined;
};

const titles = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const;
const verdicts = { success: 'successful', failure: 'failed', error: 'unknown' } as const;

/**
 * The probes of one container. Startup first and alone; from its success on liveness and readiness, at once. A failed
 * startup or liveness probe is a result for good: the container is going to be replaced.
 */
export class ContainerProbes {
  readonly #shared: Shared;
  readonly #podKey: string;
  readonly #probed: Probed;
  readonly #workers = new Map<Kind, ProbeWorker>();
  readonly #messages = new Map<Kind, string>();
  #warning: string | undefined;
  #results: Omit<ProbeResults, 'message'>;

  constructor(shared: Shared, podKey: string, probed: Probed) {
    this.#shared = shared;
    this.#podKey = podKey;
    this.#probed = probed;
    this.#results = initialResults(probed);
    const { startupProbe, livenessProbe, readinessProbe } = probed.container;
    this.#prepare('startup', this.#results.startup === 'success' ? undefined : startupProbe);
    this.#prepare('liveness', livenessProbe);
    this.#prepare('readiness', readinessProbe);
    const first = this.#firstRun();
    if (this.#workers.has('startup')) this.#workers.get('startup')?.start(first);
    else for (const worker of this.#workers.values()) worker.start(first);
  }

  get results(): ProbeResults {
    const of = (kind: Kind) => this.#messages.get(kind);
    // What a container is replaced for comes before what only takes it out of service.
    const message = of('startup') ?? of('liveness') ?? of('readiness');
    return message === undefined ? this.#results : { ...this.#results, message };
  }

  /** Only readiness goes on. */
  wind(): void {
    for (const kind of ['startup', 'liveness'] as const) {
      this.#workers.get(kind)?.end();
      this.#messages.delete(kind);
    }
  }

  end(): void {
    for (const worker of this.#workers.values()) worker.end();
  }

  #firstRun(): FirstRun {
    const { container, startedAtMs, before } = this.#probed;
    if (before !== undefined) return 'period';
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
    const shortestMs = Math.min(
      ...probes.flatMap((probe) => (probe === undefined ? [] : [probe.periodSeconds * 1000])),
    );
    const sinceStartMs = this.#shared.clock.now() - startedAtMs;
    return sinceStartMs > shortestMs ? 'spread' : 'at-once';
  }

  #prepare(kind: Kind, probe: Probe | undefined): void {
    if (probe === undefined) return;
    const worker = new ProbeWorker({
      probe,
      clock: this.#shared.clock,
      startedAtMs: this.#probed.startedAtMs,
      run: () => this.#run(kind, probe),
      onResult: (result, message) => this.#settled(kind, result, message),
    });
    this.#workers.set(kind, worker);
  }

  async #run(kind: Kind, probe: Probe): Promise<ProbeOutcome> {
    const { doors, clock, observer } = this.#shared;
    const beganMs = clock.now();
    const outcome = await runProbe(doors, probe, this.#probed);
    // Told before it counts: it explains what somebody may be waiting for.
    const verdict = `${titles[kind]} probe ${reasonOf(outcome)}`;
    if (outcome.result === 'success') this.#messages.delete(kind);
    else this.#messages.set(kind, verdict);
    const { subject } = this.#probed;
    if (outcome.result !== 'success' && subject !== undefined) tell(this.#shared, subject, [deeds.unhealthy(verdict)]);
    this.#warn(kind, outcome.warning);
    observer?.probed({
      podKey: this.#podKey,
      podUid: this.#probed.podUid ?? '',
      container: this.#probed.container.name,
      kind,
      result: verdicts[outcome.result],
      durationMs: clock.now() - beganMs,
    });
    return outcome;
  }

  #warn(kind: Kind, warning: string | undefined): void {
    if (warning === undefined || warning === this.#warning) return;
    this.#warning = warning;
    this.#shared.log.warn(`${this.#podKey}: ${titles[kind]} probe of ${this.#probed.container.name}: ${warning}`);
    const { subject } = this.#probed;
    if (subject !== undefined) tell(this.#shared, subject, [deeds.probeWarning(titles[kind], warning)]);
  }

  #settled(kind: Kind, result: 'success' | 'failure', message: string): void {
    if (kind === 'startup' || (kind === 'liveness' && result === 'failure')) this.#workers.get(kind)?.end();
    if (this.#results[kind] === result) return;
    this.#results = { ...this.#results, [kind]: result };
    const verdict = result === 'success' ? 'succeeds' : `fails: ${message}`;
    this.#shared.log.info(`${this.#podKey}: ${kind} probe of ${this.#probed.container.name} ${verdict}`);
    if (kind === 'startup' && result === 'success') {
      this.#workers.get('liveness')?.start('at-once');
      this.#workers.get('readiness')?.start('at-once');
    }
    this.#shared.onChange(this.#podKey);
  }
}

/** Without a probe the answer is yes, as soon as the container runs. */
function initialResults({ container, before }: Probed): Omit<ProbeResults, 'message'> {
  return {
    startup: container.startupProbe === undefined || before?.started ? 'success' : 'unknown',
    liveness: 'success',
    readiness: container.readinessProbe === undefined || before?.ready ? 'success' : 'failure',
  };
}

function reasonOf({ result, message }: ProbeOutcome): string {
  return result === 'error' ? `errored and resulted in unknown state: ${message}` : `failed: ${message}`;
}
