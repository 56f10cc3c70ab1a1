import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { ContainerRuntime, ObservedPod, RuntimeVersion } from '../../runtime/runtime.ts';

export type PodsByKey = ReadonlyMap<string, readonly ObservedPod[]>;

type Options = {
  readonly runtime: Pick<ContainerRuntime, 'version' | 'observePods'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** The runtime answers again: everything may have changed. */
  readonly onBack: () => void;
};

/** So many pods are asked for one by one at the same time; more are served by one listing of all. */
const mostSingle = 3;
const firstAskMs = 500;
const longestAskMs = 5000;
/** A runtime that has not even told its version by then hangs. */
const answerWithinMs = 10_000;

/** Asks the runtime what is there, with few calls, and knows whether it answers at all. */
export class PodListing {
  readonly #options: Options;
  #single = 0;
  #listing: Promise<PodsByKey> | undefined;
  #next: Promise<PodsByKey> | undefined;
  #checking = false;
  version: RuntimeVersion | undefined;
  /** Why the runtime does not answer, as long as it does not. */
  error: string | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  /** What is there of one pod, asked after this call. Throws when the runtime does not say. */
  async of(key: string): Promise<readonly ObservedPod[]> {
    try {
      if (this.#single >= mostSingle) return (await this.all()).get(key) ?? [];
      return await this.#one(key);
    } catch (thrown) {
      void this.#check();
      throw thrown;
    }
  }

  /** What is there of all pods, asked after this call; calls in the meantime share the next listing. */
  all(): Promise<PodsByKey> {
    this.#next ??= this.#listNext(this.#listing);
    return this.#next;
  }

  async #one(key: string): Promise<readonly ObservedPod[]> {
    const [namespace = '', name = ''] = key.split('/');
    this.#single += 1;
    try {
      return await this.#options.runtime.observePods({ namespace, name });
    } finally {
      this.#single -= 1;
    }
  }

  async #listNext(before: Promise<unknown> | undefined): Promise<PodsByKey> {
    await before?.catch(() => {});
    this.#listing = this.#next;
    this.#next = undefined;
    const { runtime } = this.#options;
    try {
      this.version ??= await runtime.version();
      const pods = Map.groupBy(await runtime.observePods(), ({ pod }) => `${pod.namespace}/${pod.name}`);
      this.error = undefined;
      return pods;
    } catch (thrown) {
      this.#isDown(messageOf(thrown));
      void this.#check();
      throw thrown;
    }
  }

  /** Something failed: is it the whole runtime? Then asks until it answers, and tells. */
  async #check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    const { clock, signal, onBack } = this.#options;
    let wasDown = false;
    for (let delayMs = firstAskMs; !signal.aborted; delayMs = Math.min(delayMs * 2, longestAskMs)) {
      const error = await this.#ask();
      if (error === undefined) break;
      this.#isDown(error);
      wasDown = true;
      await sleep(clock, delayMs, signal);
    }
    this.#checking = false;
    if (!wasDown || signal.aborted) return;
    this.error = undefined;
    this.#options.log.info('the container runtime answers again');
    onBack();
  }

  async #ask(): Promise<string | undefined> {
    const { runtime, clock } = this.#options;
    const done = new AbortController();
    const late = sleep(clock, answerWithinMs, done.signal).then(() => `no answer within ${answerWithinMs / 1000} s`);
    const answer = runtime.version().then((version) => {
      this.version = version;
      return undefined;
    }, messageOf);
    try {
      return await Promise.race([answer, late]);
    } finally {
      done.abort();
    }
  }

  #isDown(error: string): void {
    if (this.error === undefined) this.#options.log.error(`the container runtime does not answer: ${error}`);
    this.error = error;
  }
}
