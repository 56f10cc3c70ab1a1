import { Readable } from 'node:stream';
import { sleep } from '../../base/clock.ts';
import { labels } from '../labels.ts';
import type { PodIdentity, RuntimeEvent } from '../runtime.ts';
import { lookTimeoutMs } from './client.ts';
import type { CriContext } from './context.ts';
import { CriError, status } from './cri-error.ts';
import { findById, ownPod } from './find-by-id.ts';

export type EventContext = Pick<CriContext, 'client' | 'clock' | 'log' | 'owner' | 'known'> & {
  /** Called with the container's ID before the hint goes out. */
  readonly onChange: (id: string) => void;
  /** Called when events may have been missed, before the hint to look at everything. */
  readonly onGap: () => void;
};

/** Begins with the hint to look at everything, once what happens from then on is heard of; throws when it breaks. */
export type EventSource = (context: EventContext, signal: AbortSignal) => AsyncIterable<RuntimeEvent>;

const connected: RuntimeEvent = { what: 'connected to the container runtime' };
const relistMs = 1000;
/** CRI tells of an end some 10 ms after the event of it (containerd 1.6, handleContainerExit). */
const firstLookMs = 5;
const longestLookMs = 500;
const mostLooks = 12;
/** containerd notes that memory ran out while it tells the event. */
const noteMs = 50;

/** What to do about an event of containerd, by topic; others are not asked for. Starts are our own doing. */
const topics: Readonly<Record<string, (context: EventContext, id: string) => Promise<RuntimeEvent | undefined>>> = {
  '/tasks/delete': ended,
  '/tasks/oom': async (context, id) => {
    await sleep(context.clock, noteMs, context.client.closed);
    return changed(context, id, 'out of memory');
  },
  '/tasks/paused': (context, id) => changed(context, id, 'paused'),
  '/tasks/resumed': (context, id) => changed(context, id, 'resumed'),
  '/containers/delete': async (context, id) => {
    const pod = context.known.of(id)?.pod;
    context.known.forget(id);
    return pod && hint(context, pod, 'removed', id);
  },
};

export const eventSources = { cri: criSource, containerd: containerdSource, relist: relistSource } as const;

/** GetContainerEvents (KEP-3386): each names its pod. */
async function* criSource(context: EventContext, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  const { client, owner, known } = context;
  const stream = client.stream('GetContainerEvents', {}, { what: 'cannot read events', signal });
  // Asked for before anybody looks at everything.
  let next = stream.next();
  next.catch(() => {});
  yield connected;
  for (let heard = false; ; next = stream.next(), heard = true) {
    const { value, done } = await next;
    // CRI-O ends it at once where its events are off (server/container_events.go, enable_pod_events).
    if (done && !heard && !signal.aborted) throw new CriError('it tells no events', { code: status.unimplemented });
    if (done) return;
    const { containerId, containerEventType: type, podSandboxStatus: sandbox } = value;
    if (type !== 'CONTAINER_STOPPED_EVENT' && type !== 'CONTAINER_DELETED_EVENT') continue;
    const pod = sandbox === null ? known.of(containerId)?.pod : ownPod(sandbox, owner);
    if (pod !== undefined)
      yield hint(context, pod, type === 'CONTAINER_STOPPED_EVENT' ? 'ended' : 'removed', containerId);
  }
}

/** containerd.services.events.v1.Events/Subscribe. One event's look-up does not hold up the next. */
async function* containerdSource(context: EventContext, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  const filters = Object.keys(topics).map((topic) => `namespace==k8s.io,topic=="${topic}"`);
  const over = new AbortController();
  const what = 'cannot read events';
  const stream = context.client.stream(
    'Subscribe',
    { filters },
    { what, signal: AbortSignal.any([signal, over.signal]) },
  );
  const hints = new Readable({ objectMode: true, read() {} });
  hints.push(connected);
  const pump = async () => {
    for await (const { topic, event } of stream) {
      const id = event?.value?.containerId ?? '';
      // Who cannot be asked now has to be asked about everything later.
      const found = topics[topic]?.(context, id).catch(() => ({ what: `something happened to ${id}` }));
      void found?.then((told) => told === undefined || hints.destroyed || hints.push(told));
    }
  };
  pump().then(
    () => hints.push(null),
    (thrown) => hints.destroy(thrown),
  );
  try {
    for await (const told of hints) yield told as RuntimeEvent;
  } finally {
    over.abort();
  }
}

/** Where there are no events: everything of ours is listed each second. */
async function* relistSource(context: EventContext, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  let before = await listStates(context);
  yield connected;
  while (!signal.aborted) {
    await sleep(context.clock, relistMs, signal);
    const now = await listStates(context);
    for (const [id, { pod, state }] of new Map([...before, ...now])) {
      if (before.get(id)?.state !== state || !now.has(id)) yield hint(context, pod, state, id);
    }
    before = now;
  }
}

async function listStates({ client, owner }: EventContext) {
  const filter = { labelSelector: { [labels.owner]: owner } };
  const options = { what: 'cannot list containers', timeoutMs: lookTimeoutMs };
  const [{ containers }, { items }] = await Promise.all([
    client.call('ListContainers', { filter }, options),
    client.call('ListPodSandbox', { filter }, options),
  ]);
  const states = [...containers, ...items].flatMap((listed) => {
    const pod = ownPod(listed, owner);
    return pod === undefined ? [] : [[listed.id, { pod, state: listed.state as string }] as const];
  });
  return new Map(states);
}

/** Waits until the runtime itself says that the container has ended: before that a look would find it running. */
async function ended(context: EventContext, id: string): Promise<RuntimeEvent | undefined> {
  const known = context.known.of(id);
  // Who stops it looks anyway, once the runtime has answered.
  if (known !== undefined && context.known.isStopping(id)) return hint(context, known.pod, 'stopped', id);
  for (
    let looks = 0, delayMs = firstLookMs;
    looks < mostLooks;
    looks++, delayMs = Math.min(delayMs * 2, longestLookMs)
  ) {
    const found = await findById(context, id, known?.kind);
    if (found === undefined)
      return known === undefined ? { what: 'something unknown ended' } : hint(context, known.pod, 'gone', id);
    if (found.pod === undefined) return undefined;
    context.known.learn(id, { pod: found.pod, kind: found.kind });
    if (!found.running) return hint(context, found.pod, 'ended', id);
    await sleep(context.clock, delayMs, context.client.closed);
  }
  return changed(context, id, 'ended');
}

async function changed(context: EventContext, id: string, what: string): Promise<RuntimeEvent | undefined> {
  const pod = context.known.of(id)?.pod ?? (await findById(context, id))?.pod;
  return pod && hint(context, pod, what, id);
}

function hint({ onChange }: EventContext, pod: PodIdentity, what: string, id: string): RuntimeEvent {
  onChange(id);
  return { pod, what: `${what} ${id.slice(0, 12)}` };
}
