import { backOff } from '../base/back-off.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import { ApiStatusError, type KubeClient, type WatchEvent } from './client.ts';

/** Where a client comes from; another one after the credentials have changed, none while there are none. */
export interface ApiSource {
  client(): KubeClient | undefined;
  /** The returned function ends it. */
  onChange(listener: () => void): () => void;
}

export type Reflection<T> = {
  readonly source: ApiSource;
  /** A collection, `/api/v1/pods?fieldSelector=spec.nodeName%3Dnode1`. */
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random?: () => number;
  /** All that is there; at first, and whenever events may have been missed. */
  onList(items: readonly T[]): void;
  /** One change after the list. */
  onEvent(event: WatchEvent<T>): void;
  /** Why the API server does not answer, undefined once it does. */
  onProblem?(problem: string | undefined, thrown?: unknown): void;
  /** Between two tries; default 30 s. */
  readonly longestWaitMs?: number;
};

const firstWaitMs = 200;
const longestWaitMs = 30_000;
/** A watch that ends right after its begin shall not be asked for in a tight loop. */
const shortestWatchMs = 1000;

type Versioned = { readonly metadata?: { readonly name?: string; readonly resourceVersion?: string } };

/** How far the watch has come; undefined: everything is to be listed. */
type Progress = { version: string | undefined };

/**
 * Keeps the caller up to date about a collection until the signal aborts: a list, then a watch, and another one that goes
 * on where the last one ended. Failures are waited out with back-off and lead to another list; never throws.
 */
export async function reflect<T extends Versioned>(reflection: Reflection<T>): Promise<void> {
  const { source, clock, signal, onProblem, random } = reflection;
  const maxMs = reflection.longestWaitMs ?? longestWaitMs;
  const wait = backOff({ firstMs: firstWaitMs, maxMs, ...(random === undefined ? {} : { random }) });
  const progress: Progress = { version: undefined };
  while (!signal.aborted) {
    const client = source.client();
    if (client === undefined) {
      await changed(source, signal);
      continue;
    }
    // Other credentials may see other things, and end what runs with the old ones.
    const replaced = new AbortController();
    const forget = source.onChange(() => source.client() !== client && replaced.abort());
    const over = AbortSignal.any([signal, replaced.signal]);
    const sinceMs = clock.ticks();
    const problem = await once(client, { ...reflection, signal: over }, progress).catch((thrown: unknown) => thrown);
    if (!over.aborted) {
      if (problem !== undefined) onProblem?.(messageOf(problem), problem);
      if (clock.ticks() - sinceMs >= shortestWatchMs) wait.reset();
      if (problem !== undefined || clock.ticks() - sinceMs < shortestWatchMs) {
        await sleepOrNews(clock, waitOf(problem, wait.next()), { source, signal: over });
      }
    }
    // A list tells whether the API server is back; a watch would be silent for long.
    if (replaced.signal.aborted || problem !== undefined) progress.version = undefined;
    forget();
  }
}

/** A list where one is due, and one watch to its end. */
async function once<T extends Versioned>(client: KubeClient, reflection: Reflection<T>, progress: Progress) {
  const { path, signal, onList, onEvent, onProblem } = reflection;
  if (progress.version === undefined) {
    const { metadata, items } = await client.list<T>(path, { signal });
    if (signal.aborted) return;
    onList(items);
    progress.version = metadata.resourceVersion;
    onProblem?.(undefined);
  }
  for await (const event of client.watch<T>(path, { resourceVersion: progress.version, signal })) {
    if (signal.aborted) return;
    progress.version = event.object.metadata?.resourceVersion ?? progress.version;
    if (event.type !== 'BOOKMARK') onEvent(event);
  }
}

/** Milliseconds; the server may ask for more patience. */
function waitOf(thrown: unknown, waitMs: number): number {
  if (!(thrown instanceof ApiStatusError)) return waitMs;
  return Math.max(waitMs, Math.min(thrown.retryAfterMs ?? 0, longestWaitMs));
}

function changed(source: ApiSource, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      forget();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const forget = source.onChange(done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}

/** Waits, but no longer than until the source has news. */
async function sleepOrNews(clock: Clock, waitMs: number, about: { source: ApiSource; signal: AbortSignal }) {
  const news = new AbortController();
  const forget = about.source.onChange(() => news.abort());
  await sleep(clock, waitMs, AbortSignal.any([about.signal, news.signal]));
  forget();
}
