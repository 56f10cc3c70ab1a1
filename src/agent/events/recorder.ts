import { type BackOff, backOff } from '../../base/back-off.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { ApiStatusError } from '../../kube/client.ts';
import type { AgentApi } from '../api/agent-api.ts';
import { type ClusterEvent, type EventSeries, eventChange, eventObject, eventsPath } from './cluster-event.ts';
import { EventCorrelator } from './correlator.ts';
import { EventQueue } from './event-queue.ts';
import { TokenBucket } from './token-bucket.ts';

export type RecorderDoors = {
  readonly api: Pick<AgentApi, 'client' | 'nodeName' | 'onChange'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
};

const mostQueued = 5000;
/** The kubelet's eventBurst and eventRecordQPS. */
const burst = 100;
const everyMs = 20;
/** The API server keeps events no longer by default (--event-ttl). */
const worthTellingMs = 3_600_000;
/** As client-go: an answer that is no refusal, but no success either, is borne so often. */
const mostTries = 12;
const firstWaitMs = 500;
const longestWaitMs = 15_000;

/** Tells the cluster what happens, later and less often when it cannot be told now. Nothing waits for it. */
export class EventRecorder {
  readonly #doors: RecorderDoors;
  readonly #correlator: EventCorrelator;
  readonly #queue = new EventQueue(mostQueued);
  readonly #wait: BackOff;

  constructor(doors: RecorderDoors) {
    const { clock, random } = doors;
    this.#doors = doors;
    this.#correlator = new EventCorrelator(clock);
    this.#wait = backOff({
      firstMs: firstWaitMs,
      maxMs: longestWaitMs,
      ...(random === undefined ? {} : { random }),
    });
  }

  /** Never throws, and returns at once. */
  record(event: ClusterEvent): void {
    const correlated = this.#correlator.correlate(event);
    if (correlated !== undefined) this.#queue.add(correlated.key, correlated.series);
  }

  /** How many wait to be sent. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Sends one after the other until the signal aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#doors;
    const bucket = new TokenBucket({ burst, everyMs, nowMs: clock.ticks() });
    for (;;) {
      const series = await this.#queue.take(signal);
      if (series === undefined) return;
      const dropped = this.#queue.dropped();
      if (dropped > 0) log.warn(`${dropped} events were dropped: ${mostQueued} others waited to be sent`);
      await sleep(clock, bucket.waitMs(clock.ticks()), signal);
      bucket.take(clock.ticks());
      await this.#deliver(series, signal);
    }
  }

  async #deliver(series: EventSeries, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#doors;
    for (let answers = 0; !signal.aborted && clock.now() - series.lastMs < worthTellingMs; ) {
      try {
        const isSent = await this.#send(series, signal);
        answers += 1;
        if (isSent) this.#wait.reset();
        if (isSent || answers >= mostTries) return;
      } catch (thrown) {
        if (signal.aborted) return;
        const refusal = thrown instanceof ApiStatusError ? thrown : undefined;
        if (refusal !== undefined) answers += 1;
        if (isFinal(refusal) || answers >= mostTries) {
          log.verbose(2, `event ${series.event.reason} of ${series.event.about.name} dropped: ${messageOf(thrown)}`);
          return;
        }
        await sleep(clock, Math.max(this.#wait.next(), refusal?.retryAfterMs ?? 0), signal);
      }
    }
  }

  /** False when it is to be tried again at once. */
  async #send(series: EventSeries, signal: AbortSignal): Promise<boolean> {
    const { api } = this.#doors;
    const client = api.client();
    if (client === undefined) throw new Error('there is no way to an API server');
    const path = eventsPath(series.event);
    try {
      if (series.isStored) {
        await client.patch(`${path}/${series.name}`, eventChange(series), { type: 'strategic', signal });
      } else {
        await client.createObject(path, eventObject(series, api.nodeName), { signal });
        series.isStored = true;
      }
      return true;
    } catch (thrown) {
      const status = thrown instanceof ApiStatusError ? thrown : undefined;
      if (series.isStored && status?.status === 404) this.#correlator.renew(series);
      // No name is used twice: it arrived before, and the answer did not.
      else if (!series.isStored && status?.reason === 'AlreadyExists') series.isStored = true;
      else throw thrown;
      return false;
    }
  }
}

/** The API server will say the same next time: no such namespace, or it does not take such an event. */
function isFinal(refusal: ApiStatusError | undefined): boolean {
  return refusal !== undefined && refusal.status >= 400 && refusal.status < 500 && refusal.status !== 429;
}
