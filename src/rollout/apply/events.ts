import type { Clock } from '../../base/clock.ts';
import type { ComponentName } from '../../manifests/component.ts';

/** What a change goes through; a component's own steps are snapshot to settle. */
export const rolloutSteps = [
  'plan',
  'canary',
  'prepare',
  'files',
  'snapshot',
  'swap',
  'gate',
  'settle',
  'move',
  'undo',
  'commit',
  'objects',
] as const;
export type RolloutStep = (typeof rolloutSteps)[number];

/** Something that happens during a change, as `-o ndjson` shows it. */
export type RolloutEvent = {
  readonly step: RolloutStep;
  readonly state: 'begun' | 'done' | 'failed' | 'skipped';
  readonly component?: ComponentName;
  readonly durationMs?: number;
  /** In words: what it does, why it failed or was skipped. */
  readonly detail?: string;
};

type Told = Pick<RolloutEvent, 'step' | 'component' | 'detail'>;

/** Tells what is done, and how long each of it took. */
export class StepTimer {
  readonly #clock: Pick<Clock, 'ticks'>;
  readonly #tell: (event: RolloutEvent) => void;
  readonly #timings: Record<string, number> = {};

  constructor(clock: Pick<Clock, 'ticks'>, tell: (event: RolloutEvent) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Milliseconds by step and component: `gate kube-apiserver`. */
  get timings(): Readonly<Record<string, number>> {
    return this.#timings;
  }

  /** Does one step and tells of it; what it gives is the detail of its end when it is a text. */
  async step<T>(about: Told, work: () => Promise<T>): Promise<T> {
    const { step, component, detail } = about;
    const sinceMs = this.#clock.ticks();
    this.#tell({ ...about, state: 'begun' });
    let state: RolloutEvent['state'] = 'failed';
    let said = detail;
    try {
      const result = await work();
      state = 'done';
      if (typeof result === 'string') said = result;
      return result;
    } finally {
      const durationMs = Math.round(this.#clock.ticks() - sinceMs);
      const name = component === undefined ? step : `${step} ${component}`;
      this.#timings[name] = (this.#timings[name] ?? 0) + durationMs;
      this.#tell({ ...about, state, durationMs, ...(said !== undefined && { detail: said }) });
    }
  }
}
