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
};

type DockerEvent = { readonly id: string; readonly action: string; readonly labels: Labels; readonly timeNano: string };

/** What changes a pod; not the exec_* of every probe. */
const watched = ['start', 'die', 'oom', 'pause', 'unpause', 'destroy'];
const firstDelayMs = 100;
const longestDelayMs = 5000;
const remembered = 256;

/**
 * Docker's events as hints. At every connection first the hint to look at everything: what happened before it was
 * listening, and what dockerd forgot (it keeps the last 256), nobody will tell.
 */
export async function* dockerEvents(context: EventContext, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  const seen = new Seen();
  const ends = AbortSignal.any([signal, context.client.closed]);
  let delayMs = firstDelayMs;
  while (!ends.aborted) {
    try {
      for await (const event of connect(context, seen.since, ends)) {
        delayMs = firstDelayMs;
        if (event === 'connected') yield { what: 'connected to Docker' };
        else if (seen.isNew(event)) yield hintOf(context, event);
      }
      if (!ends.aborted) context.log.warn('Docker ended its stream of events; connecting again');
    } catch (thrown) {
      if (!ends.aborted) context.log.warn(`no events from Docker: ${messageOf(thrown)}; connecting again`);
    }
    await sleep(context.clock, delayMs, ends);
    delayMs = Math.min(delayMs * 2, longestDelayMs);
  }
}

async function* connect(
  { client, owner }: EventContext,
  since: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<DockerEvent | 'connected'> {
  const filters = JSON.stringify({ type: ['container'], event: watched, label: [`${labels.owner}=${owner}`] });
  // Docker takes seconds with nine digits after the point; the types know numbers only, which cannot hold that many.
  const from = since === undefined ? {} : { since: since as unknown as number };
  // The deadline of the call is for the head of the answer; the stream ends with the signal.
  const stream = await client.call(
    'cannot read events',
    (docker, abortSignal) => docker.getEvents({ filters, ...from, abortSignal }),
    { signal },
  );
  yield 'connected';
  for await (const line of jsonLines(stream as AsyncIterable<unknown>)) {
    const event = decode(line);
    if (event !== undefined) yield event;
  }
}

function hintOf({ onChange }: EventContext, event: DockerEvent): RuntimeEvent {
  onChange(event.id);
  const pod = podOf(event.labels);
  const what = `${event.action} ${event.labels[labels.containerName] ?? event.id.slice(0, 12)}`;
  return { what, ...(pod === undefined ? {} : { pod }) };
}

/** After a reconnect dockerd repeats from `since` on, the last ones included. */
class Seen {
  readonly #keys = new Set<string>();
  since: string | undefined;

  isNew({ id, action, timeNano }: DockerEvent): boolean {
    const key = `${timeNano} ${id} ${action}`;
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    for (const oldest of this.#keys) {
      if (this.#keys.size <= remembered) break;
      this.#keys.delete(oldest);
    }
    this.since = `${timeNano.slice(0, -9)}.${timeNano.slice(-9)}`;
    return true;
  }
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
