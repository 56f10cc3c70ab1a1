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
import { newRecord, operationOn, type PodRecord, recordFor, runningIn, runningLogs } from './pod-record.ts';
import { PodRecords } from './pod-records.ts';
import { openSources } from './source/open-sources.ts';
import type { PodSource } from './source/pod-source.ts';
import { agentStatusOf, podView, podViews, type SeenPod, seenPod } from './status/agent-status.ts';
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
  readonly #records: PodRecords;
  readonly #queue = new KeyedQueue((key) => this.#turn(key));
  readonly #source: PodSource;
  readonly #listing: PodListing;
  readonly #views: PodViews;
  readonly #doors: SyncDoors;
  readonly #node: NodeInfo;
  readonly #stopping = new AbortController();
  /** How often it has looked at everything, whatever came of that. */
  rounds = 0;
  #settled = false;
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
    this.#records = new PodRecords(this.#source);
    const [source, pods] = [this.#source, () => this.#records.known()];
    const shown = (key: string) => podView(...this.#parts(key));
    this.#doors = doorsOf(options, { node: this.#node, source, request, pods, shown });
    const onBack = () => void this.#requestAll();
    const runtime = this.#doors.takeover ?? options.runtime;
    this.#listing = new PodListing({ ...options, runtime, signal: this.#stopping.signal, onBack });
    this.#views = new PodViews(this.#listing);
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
      await this.#doors.takeover?.refuseRival();
      void clearTemporaries(this.#options);
      await Promise.all([
        listen(this.#options, stopping, (key) => this.#hinted(key)),
        resync(this.#options.clock, stopping, () => this.#requestAll()),
        this.#doors.takeover?.watch(stopping, () => this.#requestAll()),
        keepLogsSmall({ ...this.#options, signal: stopping, logs: () => runningLogs(this.#records.all()) }),
        watchRoot(this.#options, stopping).finally(stop),
      ]);
    } finally {
      signal.removeEventListener('abort', stop);
      const { prober, gates, claims, stops } = this.#doors;
      for (const door of [prober, gates, claims, stops]) door.close();
      for (const record of this.#records.all()) record.cancelRecheck();
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
    const looked = this.#firstLook.promise.then(() => this.#listing.error ?? this.#doors.network.look());
    await Promise.race([looked, sleep(this.#options.clock, firstLookMs, this.#stopping.signal)]);
  }

  status(): AgentStatus {
    return agentStatusOf(this.#options, {
      startedMs: this.#startedMs,
      listing: this.#listing,
      network: this.#doors.network,
      pods: this.keys().flatMap((key) => podViews(...this.#parts(key))),
      rejected: this.#source.rejected(),
    });
  }

  /** Every pod that is desired or there, `namespace/name`. */
  keys(): readonly string[] {
    return this.#records.keys();
  }

  /** Whether `keys` are all there are: manifests were read and the runtime has answered once. */
  get isSettled(): boolean {
    return this.#settled;
  }

  seen(key: string): SeenPod {
    return seenPod(...this.#parts(key));
  }

  #parts(key: string): Parameters<typeof podView> {
    const desired = this.#source.get(key);
    const record = recordFor(desired, this.#records.get(key) ?? newRecord(key));
    return [{ options: this.#options, doors: this.#doors, node: this.#node }, desired, record];
  }

  async #turn(key: string): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const desired = this.#source.get(key);
    const record = this.#records.of(key);
    const operation = operationOn(desired, record);
    const before = runningIn(record);
    const { clock, observer } = this.#options;
    const startedMs = clock.now();
    record.cancelRecheck();
    if (desired?.uid !== record.lastDesired?.uid) observer?.changed?.(key);
    this.#views.begin(key);
    const next = await syncPod(this.#doors, record, desired, () => this.#views.of(key));
    this.#views.end(key);
    if (this.#stopping.signal.aborted) return;
    this.#next(key, record, next);
    const pod = podView(...this.#parts(key));
    rememberConditions(this.#doors, this.#source.get(key), pod);
    const about = { key, operation, durationMs: clock.now() - startedMs, acted: next.afterMs === 0 } as const;
    observer?.turned({ ...about, error: next.error, pod });
    for (const turn of this.#doors.takeover?.passed() ?? []) this.#request(turn);
    // Another pod has gone: what was refused for its sake may start.
    if (runningIn(record) < before) for (const other of this.#records.refused(key)) this.#request(other);
  }

  #next(key: string, record: PodRecord, { afterMs }: NextLook): void {
    if (this.#source.get(key) === undefined && record.observed.length === 0) {
      // Gone altogether; a later look starts from nothing.
      this.#records.forget(key);
      this.#views.forget(key);
      this.#doors.admissions.release(key);
    }
    if (afterMs === 0) this.#request(key);
    else if (afterMs !== undefined) record.cancelRecheck = this.#options.clock.after(afterMs, () => this.#request(key));
  }

  #request(key: string): void {
    if (this.rounds > 0 && !this.#stopping.signal.aborted) this.#queue.request(key);
  }

  /** One listing for all: every pod that is desired or there gets a look. */
  async #requestAll(): Promise<boolean> {
    const seen = await this.#views.all(() => this.keys());
    for (const key of seen?.fresh ?? []) this.#records.of(key, seen?.pods.get(key));
    if (seen !== undefined) this.#clear(seen.pods);
    this.rounds += 1;
    this.#settled ||= seen !== undefined;
    for (const key of this.keys()) this.#request(key);
    this.#firstLook.resolve();
    return seen !== undefined;
  }

  #clear(pods: PodsByKey): void {
    this.#clearing ??= clearLeftovers(this.#doors, () => this.#records.known(), pods).finally(() => {
      this.#clearing = undefined;
    });
  }

  #hinted(key: string | undefined): void {
    if (key === undefined) return void this.#requestAll();
    this.#views.hinted(key);
    this.#request(key);
  }
}
