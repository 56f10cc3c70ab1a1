import { sleep } from '../base/clock.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { AgentStatus } from '../kube/agent-socket.ts';
import { type AgentOptions, doorsOf, nodeOf } from './agent-parts.ts';
import { PodRequests } from './claims/pod-requests.ts';
import type { NodeInfo } from './containers/pod-context.ts';
import { clearLeftovers, clearTemporaries } from './home/leftovers.ts';
import { watchRoot } from './home/root-watch.ts';
import { keepLogsSmall } from './logs/rotate-logs.ts';
import { listen, resync } from './observe/listen.ts';
import { PodListing, type PodsByKey } from './observe/pod-listing.ts';
import { PodViews } from './observe/pod-views.ts';
import { hasSandbox, newRecord, type PodRecord, recordFor, runningIn, runningLogs } from './pod-record.ts';
import { openSources } from './source/open-sources.ts';
import type { PodSource } from './source/pod-source.ts';
import { agentStatusOf, podView, podViews } from './status/agent-status.ts';
import { type NextLook, type SyncDoors, syncPod } from './turn/sync-pod.ts';
import { rememberConditions } from './turn/track-probes.ts';

const firstLookMs = 1500;

/**
 * The static pod agent: sources and runtime only say that something may have changed; each such hint leads to one look
 * at the pod (sync-pod.ts). Ending it leaves the pods running, and the next one takes them over as they are.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #startedMs: number;
  readonly #records = new Map<string, PodRecord>();
  readonly #queue = new KeyedQueue((key) => this.#turn(key));
  readonly #source: PodSource;
  readonly #listing: PodListing;
  readonly #views: PodViews;
  readonly #doors: SyncDoors;
  readonly #node: NodeInfo;
  readonly #stopping = new AbortController();
  #looked = false;
  #clearing: Promise<void> | undefined;
  /** What a rollout may ask for one pod. */
  readonly requests: PodRequests;
  readonly #firstLook = Promise.withResolvers<void>();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#startedMs = options.clock.now();
    this.#node = nodeOf(options);
    const request = (key: string) => this.#request(key);
    this.#source = openSources(options, request);
    this.#listing = new PodListing({
      ...options,
      signal: this.#stopping.signal,
      onBack: () => void this.#requestAll(),
    });
    this.#views = new PodViews(this.#listing);
    const source = this.#source;
    this.#doors = doorsOf(options, { node: this.#node, source, request, pods: () => this.#known() });
    const record = (key: string) => this.#records.get(key);
    this.requests = new PodRequests({ ...options, ...this.#doors, source, record, request });
  }

  /** Runs until the signal aborts or `stop` is called; pods stay. Throws when its directory is removed under it. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.stop();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const { signal: stopping } = this.#stopping;
    try {
      await Promise.all([this.#source.start(), this.#doors.states.load(), this.#doors.claims.load()]);
      void clearTemporaries(this.#options);
      await Promise.all([
        listen(this.#options, stopping, (key) => this.#hinted(key)),
        resync(this.#options.clock, stopping, () => this.#requestAll()),
        keepLogsSmall({ ...this.#options, signal: stopping, paths: () => runningLogs(this.#records.values()) }),
        watchRoot(this.#options, stopping).finally(stop),
      ]);
    } finally {
      signal.removeEventListener('abort', stop);
      this.#doors.prober.close();
      this.#doors.gates.close();
      this.#doors.claims.close();
      for (const record of this.#records.values()) record.cancelRecheck();
      await this.#source.stop();
      await this.#doors.states.close();
    }
  }

  /** Ends the agent, not the pods. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Reads the manifests again and looks at every pod; resolves when the manifests are read. */
  async look(): Promise<void> {
    await this.#source.look();
    await this.#requestAll();
  }

  /** Resolves when it is known what is desired and what is there, or that the runtime does not answer; after 1.5 s anyway. */
  async looked(): Promise<void> {
    await Promise.race([this.#firstLook.promise, sleep(this.#options.clock, firstLookMs, this.#stopping.signal)]);
  }

  status(): AgentStatus {
    const keys = [...new Set([...this.#source.keys(), ...this.#records.keys()])].sort();
    return agentStatusOf(this.#options, {
      startedMs: this.#startedMs,
      listing: this.#listing,
      pods: keys.flatMap((key) => podViews(...this.#seen(key))),
      rejected: this.#source.rejected(),
    });
  }

  #seen(key: string): Parameters<typeof podView> {
    const desired = this.#source.get(key);
    const record = recordFor(desired, this.#records.get(key) ?? newRecord(key));
    return [{ options: this.#options, doors: this.#doors, node: this.#node }, desired, record];
  }

  async #turn(key: string): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const desired = this.#source.get(key);
    const record = this.#records.get(key) ?? newRecord(key);
    this.#records.set(key, record);
    const operation = desired === undefined ? 'terminate' : hasSandbox(record) ? 'sync' : 'create';
    const before = runningIn(record);
    const { clock } = this.#options;
    const startedMs = clock.now();
    record.cancelRecheck();
    this.#views.begin(key);
    const next = await syncPod(this.#doors, record, desired, () => this.#views.of(key));
    this.#views.end(key);
    if (this.#stopping.signal.aborted) return;
    this.#next(key, record, next);
    const pod = podView(...this.#seen(key));
    rememberConditions(this.#doors, this.#source.get(key), pod);
    const about = { key, operation, durationMs: clock.now() - startedMs, acted: next.afterMs === 0 } as const;
    this.#options.observer?.turned({ ...about, error: next.error, pod });
    if (runningIn(record) < before) this.#requestRefused(key);
  }

  #next(key: string, record: PodRecord, { afterMs }: NextLook): void {
    if (this.#source.get(key) === undefined && record.observed.length === 0) {
      // Gone altogether; a later look starts from nothing.
      this.#records.delete(key);
      this.#views.forget(key);
      this.#doors.admissions.release(key);
    }
    if (afterMs === 0) this.#request(key);
    else if (afterMs !== undefined) {
      record.cancelRecheck = this.#options.clock.after(afterMs, () => this.#request(key));
    }
  }

  #request(key: string): void {
    if (this.#looked && !this.#stopping.signal.aborted) this.#queue.request(key);
  }

  /** Another pod has gone: what was refused for its sake may start. */
  #requestRefused(than: string): void {
    for (const { key, refused } of this.#records.values()) {
      if (refused !== undefined && key !== than) this.#request(key);
    }
  }

  /** One listing for all: every pod that is desired or there gets a look. */
  async #requestAll(): Promise<boolean> {
    const keys = () => [...this.#source.keys(), ...this.#records.keys()];
    const seen = await this.#views.all(keys);
    for (const key of seen?.fresh ?? []) {
      const observed = seen?.pods.get(key) ?? [];
      if (!this.#records.has(key)) this.#records.set(key, { ...newRecord(key), observed });
    }
    if (seen !== undefined) this.#clear(seen.pods);
    this.#looked = true;
    for (const key of new Set(keys())) this.#request(key);
    this.#firstLook.resolve();
    return seen !== undefined;
  }

  #clear(pods: PodsByKey): void {
    this.#clearing ??= clearLeftovers(this.#doors, () => this.#known(), pods).finally(() => {
      this.#clearing = undefined;
    });
  }

  #hinted(key: string | undefined): void {
    if (key === undefined) void this.#requestAll();
    else {
      this.#views.hinted(key);
      this.#request(key);
    }
  }

  *#known() {
    for (const key of new Set([...this.#source.keys(), ...this.#records.keys()])) {
      const { observed = [], lastDesired } = this.#records.get(key) ?? {};
      yield { key, desired: this.#source.get(key), lastDesired, observed };
    }
  }
}
