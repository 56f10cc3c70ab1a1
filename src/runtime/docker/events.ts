import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Labels } from '../../kube/types.ts';
import { labels } from '../labels.ts';
import type { RuntimeEvent } from '../runtime.ts';
import type { DockerClient } from './client.ts';
import { podOf } from './identity.ts';
import { jsonLines } from './json-lines.ts';

type EventContext = {
  readonly client: DockerClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly owner: string;
  /** Called with the container's ID before the hint goes out. */
  readonly onChange: (id: string) => void;
  /** Called when events may have been missed, before the hint to look at everything. */
  readonly onGap: () => void;
};

type DockerEvent = { readonly id: string; readonly action: string; readonly labels: Labels; readonly timeNano: string };

/** What changes a pod; not the exec_* of every probe. */
const watched = ['start', 'die', 'oom', 'pause', 'unpause', 'destroy'];
const firstDelayMs = 100;
const longestDelayMs = 5000;
const remembered = 256;
const overlapMs = 1000;

/** A stream ends by itself after this and is asked for again without a gap: one that does not end is dead. */
const streamMs = 60_000;
const streamSlackMs = 5000;
/** For the head of the answer. */
const connectTimeoutMs = 10_000;

/**
 * Docker's events as hints. At first, and whenever some may have been missed, the hint to look at everything: what
 * happened before it was listening, and what dockerd forgot (it keeps the last 256), nobody will tell.
 */
export async function* dockerEvents(context: EventContext, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  const seen = new Seen();
  const ends = AbortSignal.any([signal, context.client.closed]);
  let delayMs = firstDelayMs;
  let gap = true;
  let said = '';
  while (!ends.aborted) {
    try {
      for await (const event of connect(context, seen, ends)) {
        delayMs = firstDelayMs;
        if (event === 'connected') {
          if (said !== '') context.log.info('events from Docker come again');
          said = '';
          if (gap) context.onGap();
          if (gap) yield { what: 'connected to Docker' };
          gap = false;
        } else if (seen.isNew(event)) yield hintOf(context, event);
      }
      continue;
    } catch (thrown) {
      gap = true;
      const message = messageOf(thrown);
      if (!ends.aborted && message !== said) context.log.warn(`no events from Docker: ${message}; connecting again`);
      said = message;
    }
    await sleep(context.clock, delayMs, ends);
    delayMs = Math.min(delayMs * 2, longestDelayMs);
  }
}

/** Ends when Docker has told all until the agreed time; throws when the stream ends before it, or not at all. */
async function* connect(
  { client, owner, clock }: EventContext,
  seen: Seen,
  signal: AbortSignal,
): AsyncGenerator<DockerEvent | 'connected'> {
  const filters = JSON.stringify({ type: ['container'], event: watched, label: [`${labels.owner}=${owner}`] });
  const overdue = new AbortController();
  const untilMs = clock.now() + streamMs;
  const cancel = clock.after(streamMs + streamSlackMs, () => overdue.abort());
  const ends = AbortSignal.any([signal, overdue.signal]);
  // Docker takes seconds with nine digits after the point; the types know numbers only, which cannot hold that many.
  const times = { since: seen.since(clock.now()), until: secondsOf(untilMs) } as unknown as { since: number };
  const startedTicks = clock.ticks();
  try {
    const stream = await client.call(
      'cannot read events',
      (docker, abortSignal) => docker.getEvents({ filters, ...times, abortSignal }),
      { signal: ends, timeoutMs: connectTimeoutMs },
    );
    yield 'connected';
    for await (const line of jsonLines(stream as AsyncIterable<unknown>)) {
      const event = decode(line);
      if (event !== undefined) yield event;
    }
  } catch (thrown) {
    if (signal.aborted) return;
    if (overdue.signal.aborted) throw new Error('the stream of events is dead');
    throw thrown;
  } finally {
    cancel();
  }
  if (signal.aborted) return;
  if (overdue.signal.aborted) throw new Error('the stream of events is dead');
  if (clock.ticks() - startedTicks < streamMs - streamSlackMs) throw new Error('Docker ended its stream of events');
  seen.allUntil(untilMs);
}

function hintOf({ onChange }: EventContext, event: DockerEvent): RuntimeEvent {
  onChange(event.id);
  const pod = podOf(event.labels);
  const what = `${event.action} ${event.labels[labels.containerName] ?? event.id.slice(0, 12)}`;
  return { what, ...(pod === undefined ? {} : { pod }) };
}

/** From where a next stream has to begin: dockerd repeats from there on, what was given before included. */
class Seen {
  readonly #keys = new Set<string>();
  #since: string | undefined;

  since(nowMs: number): string {
    // Docker refuses a beginning after the end, as there would be when the clock was set back.
    if (this.#since === undefined || Number(this.#since) * 1000 > nowMs) this.#since = secondsOf(nowMs);
    return this.#since;
  }

  /** Nothing can come from before this any more; a little less, since events take a moment. */
  allUntil(ms: number): void {
    this.#since = secondsOf(ms - overlapMs);
  }

  isNew({ id, action, timeNano }: DockerEvent): boolean {
    const key = `${timeNano} ${id} ${action}`;
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    for (const oldest of this.#keys) {
      if (this.#keys.size <= remembered) break;
      this.#keys.delete(oldest);
    }
    this.#since = `${timeNano.slice(0, -9)}.${timeNano.slice(-9)}`;
    return true;
  }
}

function secondsOf(ms: number): string {
  return (ms / 1000).toFixed(9);
}

function decode(line: Readonly<Record<string, unknown>>): DockerEvent | undefined {
  const { Actor: actor, Action: action, time, timeNano } = line;
  if (actor === null || typeof actor !== 'object' || typeof action !== 'string') return undefined;
  const { ID: id, Attributes: attributes } = actor as { ID?: unknown; Attributes?: Labels };
  if (typeof id !== 'string') return undefined;
  return { id, action, labels: attributes ?? {}, timeNano: nanoseconds(time, timeNano) };
}

/** JSON.parse rounds 19 digits to about 256 ns, always the same way: good enough to begin a little early. */
function nanoseconds(time: unknown, timeNano: unknown): string {
  if (typeof timeNano === 'number') return (BigInt(timeNano) - 1000n).toString();
  return `${typeof time === 'number' ? time : 0}000000000`;
}
