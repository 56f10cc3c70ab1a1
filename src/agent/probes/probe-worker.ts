import type { Clock } from '../../base/clock.ts';
import type { Probe } from '../../kube/types.ts';
import type { ProbeOutcome } from './run-probe.ts';

const triesOnError = 3;

/** Within this time a container that an earlier agent left is first probed; its place there is that of its start. */
const spreadMs = 1000;

/**
 * How the first run is found when it is due already: `at-once`; `spread` over a second, for containers that were there
 * before us, which would else all be probed in one moment; or at the next `period` from the container's start.
 */
export type FirstRun = 'at-once' | 'spread' | 'period';

/**
 * One probe of one running container. The first run is at the container's start + initialDelay, the others follow in
 * whole periods from there, never two at a time. A result counts from `failureThreshold` or `successThreshold` equal
 * outcomes in a row on.
 */
export class ProbeWorker {
  readonly #probe: Probe;
  readonly #clock: Clock;
  readonly #firstAtMs: number;
  readonly #run: () => Promise<ProbeOutcome>;
  readonly #onResult: (result: 'success' | 'failure', message: string) => void;
  #last: 'success' | 'failure' | undefined;
  #count = 0;
  #cancel = () => {};
  #state: 'idle' | 'active' | 'ended' = 'idle';

  constructor(options: {
    readonly probe: Probe;
    readonly clock: Clock;
    readonly startedAtMs: number;
    readonly run: () => Promise<ProbeOutcome>;
    /** Called for every outcome that counts, also when it is the same as before. */
    readonly onResult: (result: 'success' | 'failure', message: string) => void;
  }) {
    this.#probe = options.probe;
    this.#clock = options.clock;
    this.#firstAtMs = options.startedAtMs + options.probe.initialDelaySeconds * 1000;
    this.#run = options.run;
    this.#onResult = options.onResult;
  }

  /** Begins; `first` decides only when the initial delay is over already. */
  start(first: FirstRun): void {
    if (this.#state !== 'idle') return;
    this.#state = 'active';
    const untilMs = this.#firstAtMs - this.#clock.now();
    if (untilMs > 0) this.#schedule(untilMs);
    else if (first === 'at-once') this.#schedule(0);
    else this.#schedule(this.#untilNext() % (first === 'spread' ? spreadMs : Number.POSITIVE_INFINITY));
  }

  end(): void {
    this.#state = 'ended';
    this.#cancel();
  }

  #schedule(delayMs: number): void {
    // A clock that was set back must not silence the probe.
    const longestMs = Math.max(this.#probe.periodSeconds, this.#probe.initialDelaySeconds) * 1000;
    this.#cancel = this.#clock.after(Math.min(delayMs, longestMs), () => void this.#turn());
  }

  #untilNext(): number {
    const periodMs = this.#probe.periodSeconds * 1000;
    const sinceFirstMs = this.#clock.now() - this.#firstAtMs;
    return periodMs - (((sinceFirstMs % periodMs) + periodMs) % periodMs);
  }

  async #turn(): Promise<void> {
    let outcome = await this.#run();
    for (let tries = 1; outcome.result === 'error' && tries < triesOnError && this.#active(); tries++) {
      outcome = await this.#run();
    }
    if (!this.#active()) return;
    this.#schedule(this.#untilNext());
    if (outcome.result !== 'error') this.#counted(outcome.result, outcome.message);
  }

  #counted(result: 'success' | 'failure', message: string): void {
    this.#count = result === this.#last ? this.#count + 1 : 1;
    this.#last = result;
    const threshold = result === 'success' ? this.#probe.successThreshold : this.#probe.failureThreshold;
    if (this.#count >= threshold) this.#onResult(result, message);
  }

  #active(): boolean {
    return this.#state === 'active';
  }
}
