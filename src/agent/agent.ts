import { sleep } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { AgentStatus } from '../kube/agent-socket.ts';
import type { ObservedPod, RuntimeVersion } from '../runtime/runtime.ts';
import { type AgentOptions, contextOf, nodeOf, sourceOf } from './agent-parts.ts';
import type { NodeInfo } from './containers/pod-context.ts';
import { ImagePuller } from './image-puller.ts';
import { keepLogsSmall } from './logs/rotate-logs.ts';
import { newRecord, type PodRecord } from './pod-record.ts';
import { Prober } from './probes/prober.ts';
import type { ManifestSource } from './source/manifest-source.ts';
import { StartGates } from './start-gates.ts';
import { agentPodOf } from './status/agent-pod.ts';
import { type SyncDoors, syncPod } from './sync-pod.ts';

/** Everything is looked at again this often, should a hint have been missed. */
const resyncMs = 60_000;
const firstLookMs = 1500;

/**
 * The static pod agent: sources and runtime only say that something may have changed; each such hint leads to one look
 * at the pod (sync-pod.ts). Ending it leaves the pods running, and the next one takes them over as they are.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #startedMs: number;
  readonly #records = new Map<string, PodRecord>();
  readonly #bulk = new Map<string, readonly ObservedPod[]>();
  readonly #queue = new KeyedQueue((key) => this.#turn(key));
  readonly #source: ManifestSource | undefined;
  readonly #doors: SyncDoors;
  readonly #node: NodeInfo;
  readonly #stopping = new AbortController();
  #version: RuntimeVersion | undefined;
  #runtimeError: string | undefined;
  #ready = false;
  readonly #firstLook = Promise.withResolvers<void>();

  constructor(options: AgentOptions) {
    this.#options = options;
    const { host, clock, log, settings } = options;
    this.#startedMs = clock.now();
    this.#node = nodeOf(options);
    const request = (key: string) => this.#request(key);
    this.#doors = {
      ...options,
      images: new ImagePuller({ ...options, obtain: options.obtainImage }),
      prober: new Prober({ doors: options, clock, log, onChange: request }),
      gates: new StartGates({ host, clock, log, rules: settings.startAfter, onOpen: request }),
      maxRestartPeriodMs: settings.maxContainerRestartPeriodMs,
      contextOf: (desired) => contextOf(options, this.#node, desired),
    };
    this.#source = sourceOf(options, request);
  }

  /** Runs until the signal aborts or `stop` is called; pods stay. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.stop();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await this.#source?.start();
      this.#ready = true;
      await Promise.all([
        this.#listen(),
        this.#resync(),
        keepLogsSmall({ ...this.#options, signal: this.#stopping.signal, paths: () => this.#runningLogs() }),
      ]);
    } finally {
      signal.removeEventListener('abort', stop);
      this.#doors.prober.close();
      this.#doors.gates.close();
      for (const record of this.#records.values()) record.cancelRecheck();
      await this.#source?.stop();
    }
  }

  /** Ends the agent, not the pods. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Reads the manifests again and looks at every pod; resolves when the manifests are read. */
  async look(): Promise<void> {
    await this.#source?.look();
    await this.#requestAll();
  }

  /** Resolves when it is known what is desired and what is there, or that the runtime does not answer; after 1.5 s anyway. */
  async looked(): Promise<void> {
    await Promise.race([this.#firstLook.promise, sleep(this.#options.clock, firstLookMs, this.#stopping.signal)]);
  }

  status(): AgentStatus {
    const { host, runtime, settings, version } = this.#options;
    const keys = new Set([...(this.#source?.keys() ?? []), ...this.#records.keys()]);
    return {
      pid: host.pid,
      version,
      startedAt: new Date(this.#startedMs).toISOString(),
      nodeName: settings.nodeName,
      runtime: {
        type: runtime.type,
        name: this.#version?.name ?? runtime.type,
        version: this.#version?.version ?? '',
        ...(this.#runtimeError === undefined ? {} : { error: this.#runtimeError }),
      },
      ...(settings.staticPodPath === undefined ? {} : { manifestDirectory: settings.staticPodPath }),
      pods: [...keys].sort().flatMap((key) => this.#podStatus(key) ?? []),
      rejected: this.#source?.rejected() ?? [],
    };
  }

  #podStatus(key: string) {
    const desired = this.#source?.get(key);
    const record = this.#records.get(key) ?? newRecord(key);
    return agentPodOf({
      desired,
      record,
      nowMs: this.#options.clock.now(),
      runtimeType: this.#options.runtime.type,
      hostIPs: this.#node.ips,
      maxRestartPeriodMs: this.#doors.maxRestartPeriodMs,
      probes: (id) => this.#doors.prober.results(key, id),
    });
  }

  async #turn(key: string): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const desired = this.#source?.get(key);
    const record = this.#records.get(key) ?? newRecord(key);
    this.#records.set(key, record);
    record.cancelRecheck();
    const { afterMs } = await syncPod(this.#doors, record, desired, () => this.#observe(key));
    if (desired === undefined && record.observed.length === 0) {
      // Gone altogether; a later look starts from nothing.
      if (this.#source?.get(key) === undefined) this.#records.delete(key);
    }
    if (afterMs === 0) this.#request(key);
    else if (afterMs !== undefined) {
      record.cancelRecheck = this.#options.clock.after(afterMs, () => this.#request(key));
    }
  }

  async #observe(key: string): Promise<readonly ObservedPod[]> {
    const known = this.#bulk.get(key);
    this.#bulk.delete(key);
    if (known !== undefined) return known;
    const [namespace = '', name = ''] = key.split('/');
    return this.#options.runtime.observePods({ namespace, name });
  }

  #request(key: string): void {
    if (this.#ready && !this.#stopping.signal.aborted) this.#queue.request(key);
  }

  /** One listing for all: every pod that is desired or there gets a look. */
  async #requestAll(): Promise<void> {
    const { runtime, log } = this.#options;
    try {
      this.#version ??= await runtime.version();
      const byKey = Map.groupBy(await runtime.observePods(), ({ pod }) => `${pod.namespace}/${pod.name}`);
      this.#runtimeError = undefined;
      const keys = new Set([...byKey.keys(), ...this.#records.keys(), ...(this.#source?.keys() ?? [])]);
      for (const key of keys) {
        // One that is being worked on may have changed since this was seen; it looks for itself.
        if (!this.#records.has(key)) {
          const observed = byKey.get(key) ?? [];
          this.#records.set(key, { ...newRecord(key), observed });
          this.#bulk.set(key, observed);
        }
        this.#request(key);
      }
    } catch (thrown) {
      const message = messageOf(thrown);
      if (message !== this.#runtimeError) log.error(`the container runtime does not answer: ${message}`);
      this.#runtimeError = message;
      for (const key of this.#source?.keys() ?? []) this.#request(key);
    } finally {
      this.#firstLook.resolve();
    }
  }

  async #listen(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      for await (const { pod } of this.#options.runtime.events(signal)) {
        if (pod === undefined) await this.#requestAll();
        else this.#request(`${pod.namespace}/${pod.name}`);
      }
    } catch (thrown) {
      if (!signal.aborted) this.#options.log.error(`no more hints from the container runtime: ${messageOf(thrown)}`);
    }
  }

  async #resync(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#requestAll();
      await sleep(this.#options.clock, resyncMs, this.#stopping.signal);
    }
  }

  #runningLogs(): readonly string[] {
    return [...this.#records.values()]
      .flatMap(({ observed }) => observed.flatMap(({ containers }) => containers))
      .filter(({ state }) => state === 'running')
      .map(({ logPath }) => logPath);
  }
}
