import { type BackOff, backOff } from '../../base/back-off.ts';
import type { Clock } from '../../base/clock.ts';
import { type MirrorAction, restores } from './plan-mirror.ts';

const firstRetryMs = 200;
const longestRetryMs = 15_000;
/** Without an answer at all a try costs next to nothing, and the API server may be there at any moment. */
const longestSilenceMs = 4000;
const firstRepeatMs = 1000;
const longestRepeatMs = 60_000;
const repeatsForgottenMs = 120_000;

type Failure = { readonly what: string; readonly retry: BackOff; readonly silence: BackOff; notBefore: number };
type Repeat = { readonly what: string; readonly wait: BackOff; readonly doneAt: number; readonly notBefore: number };

/** `afterMs`: when the API server wants to be asked again; `isAnswered`: it has said no. */
export type FailedWrite = { readonly isAnswered: boolean; readonly afterMs?: number | undefined };

/** When a mirror pod may be written again: after failures, and when somebody undoes again and again what was written. */
export class MirrorAttempts {
  readonly #clock: Clock;
  readonly #random: (() => number) | undefined;
  readonly #failures = new Map<string, Failure>();
  readonly #repeats = new Map<string, Repeat>();

  constructor(clock: Clock, random: (() => number) | undefined) {
    this.#clock = clock;
    this.#random = random;
  }

  /** How long to wait with this action; 0: not at all. What has not failed is at once, and so is a first repetition. */
  waitMs(key: string, action: MirrorAction): number {
    const failure = this.#failures.get(key);
    const failedMs = failure !== undefined && failure.what === tryOf(action) ? this.#untilMs(failure.notBefore) : 0;
    const repeat = this.#repeats.get(placeOf(key, action));
    const isRepeat = repeat !== undefined && repeat.what === whatOf(action);
    return Math.max(failedMs, isRepeat ? this.#untilMs(repeat.notBefore) : 0);
  }

  /** How long to wait now. */
  failed(key: string, action: MirrorAction, { isAnswered, afterMs = 0 }: FailedWrite): number {
    const before = this.#failures.get(key);
    const failure = before?.what === tryOf(action) ? before : this.#firstFailure(action);
    this.#failures.set(key, failure);
    const waitMs = Math.max(afterMs, (isAnswered ? failure.retry : failure.silence).next());
    failure.notBefore = this.#clock.ticks() + waitMs;
    return waitMs;
  }

  succeeded(key: string, action: MirrorAction): void {
    this.#failures.delete(key);
    const what = whatOf(action);
    if (what === undefined) return;
    const place = placeOf(key, action);
    const before = this.#repeats.get(place);
    const doneAt = this.#clock.ticks();
    const isRepeat = before?.what === what && doneAt - before.doneAt < repeatsForgottenMs;
    const wait = isRepeat ? before.wait : this.#backOff(firstRepeatMs, longestRepeatMs);
    this.#repeats.set(place, { what, wait, doneAt, notBefore: isRepeat ? doneAt + wait.next() : doneAt });
  }

  /** It is worth trying again now what has failed. */
  clear(): void {
    this.#failures.clear();
  }

  forget(key: string): void {
    this.#failures.delete(key);
    for (const kind of ['create', 'set-status']) this.#repeats.delete(`${kind} ${key}`);
  }

  #firstFailure(action: MirrorAction): Failure {
    return {
      what: tryOf(action),
      retry: this.#backOff(firstRetryMs, longestRetryMs),
      silence: this.#backOff(firstRetryMs, longestSilenceMs),
      notBefore: 0,
    };
  }

  #untilMs(ticks = 0): number {
    return Math.max(0, ticks - this.#clock.ticks());
  }

  #backOff(firstMs: number, maxMs: number): BackOff {
    return backOff({ firstMs, maxMs, ...(this.#random === undefined ? {} : { random: this.#random }) });
  }
}

function placeOf(key: string, action: MirrorAction): string {
  return `${action.do} ${key}`;
}

/** What is the same when it is tried again: another form of a pod need not wait for what was refused to this one. */
function tryOf(action: MirrorAction): string {
  return action.do === 'create' ? `create ${action.hash}` : action.do;
}

/** What is the same when it is done again; undefined: it never is. */
function whatOf(action: MirrorAction): string | undefined {
  if (action.do === 'create') return action.hash;
  return action.because === restores ? restores : undefined;
}
