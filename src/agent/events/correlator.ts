import type { Clock } from '../../base/clock.ts';
import { type ClusterEvent, type EventSeries, eventName } from './cluster-event.ts';
import { Recent } from './recent.ts';
import { TokenBucket } from './token-bucket.ts';

/** Numbers of client-go tools/record/events_cache.go. */
const mostRemembered = 4096;
const similarBeforeCombined = 10;
const similarWithinMs = 600_000;
const burstOfAnObject = 25;
const everyMsOfAnObject = 300_000;

type Similar = { readonly messages: Set<string>; lastMs: number };

/**
 * Makes few events of many, as the kubelet does: equal ones are counted; from the tenth that differs only in its message
 * on they are one; and an object that never stops is heard of 25 times, then every five minutes.
 */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #similar = new Recent<Similar>(mostRemembered);
  readonly #series = new Recent<EventSeries>(mostRemembered);
  readonly #buckets = new Recent<TokenBucket>(mostRemembered);
  #serial = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The series that it belongs to, counted, with a key; undefined when nobody needs to hear it again. */
  correlate(told: ClusterEvent): { readonly key: string; readonly series: EventSeries } | undefined {
    const { event, key } = this.#combined(told);
    const series = this.#counted(event, key);
    const { kind, namespace, name, uid } = event.about;
    const now = this.#clock.ticks();
    const limit = { burst: burstOfAnObject, everyMs: everyMsOfAnObject, nowMs: now };
    const bucket = this.#buckets.of(keyOf(kind, namespace, name, uid, event.type), () => new TokenBucket(limit));
    return bucket.take(now) ? { key, series } : undefined;
  }

  /** The API server has forgotten it: the series goes on under another name. */
  renew(series: EventSeries): void {
    series.name = this.#nameOf(series.event);
    series.isStored = false;
  }

  #combined(event: ClusterEvent): { readonly event: ClusterEvent; readonly key: string } {
    const { about, type, reason, message } = event;
    const whole = keyOf(about.kind, about.namespace, about.name, about.uid, type, reason);
    const now = this.#clock.ticks();
    const similar = this.#similar.of(whole, () => ({ messages: new Set(), lastMs: now }));
    if (now - similar.lastMs > similarWithinMs) similar.messages.clear();
    similar.lastMs = now;
    similar.messages.add(message);
    if (similar.messages.size < similarBeforeCombined) {
      return { event, key: keyOf(whole, about.fieldPath, message) };
    }
    similar.messages.delete(message);
    return { event: { ...event, message: `(combined from similar events): ${message}` }, key: whole };
  }

  #counted(event: ClusterEvent, key: string): EventSeries {
    const nowMs = this.#clock.now();
    const before = this.#series.of(key, () => ({
      event,
      name: this.#nameOf(event),
      count: 0,
      firstMs: nowMs,
      lastMs: nowMs,
      isStored: false,
    }));
    before.event = event;
    before.count += 1;
    before.lastMs = nowMs;
    return before;
  }

  #nameOf(event: ClusterEvent): string {
    this.#serial += 1;
    return eventName(event, this.#clock.now(), this.#serial);
  }
}

function keyOf(...parts: readonly (string | undefined)[]): string {
  return parts.map((part) => part ?? '').join('\n');
}
