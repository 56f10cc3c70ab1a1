import { Duplex } from 'node:stream';
import type {
  ContainerConfig,
  ContainerRuntime,
  ContainerStats,
  ContainerStreams,
  ExecResult,
  ImageInfo,
  NetworkState,
  ObservedPod,
  ResourceUsage,
  RuntimeEvent,
  RuntimeVersion,
  SandboxConfig,
} from '../../src/runtime/runtime.ts';
import { FakeImages } from './fake-images.ts';
import { FakePods } from './fake-pods.ts';

type Call = { readonly method: string; readonly target: string; readonly atMs: number; readonly detail?: unknown };
type Behaviour = {
  /** The program ends by itself this long after its start. */
  readonly exitsAfterMs?: number;
  readonly exitCode?: number;
  /** How long it takes to stop after SIGTERM; cut by the grace period. */
  readonly stopsAfterMs?: number;
  readonly exec?: (command: readonly string[]) => ExecResult;
};

/**
 * A model of a container runtime in memory. Tests arrange with `images`, `behave` and `failNext`, act through the
 * port, change the world with `exit`, `killSandbox` and `reboot`, and look at `calls`.
 */
export class FakeRuntime extends FakePods implements ContainerRuntime {
  readonly type = 'docker';
  readonly images = new FakeImages();
  readonly calls: Call[] = [];
  /** `namespace/name` → sandboxes of other owners. */
  readonly foreign = new Map<string, readonly string[]>();
  /** Why pods off the host network cannot be had. */
  networkProblem: string | undefined;
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #failures = new Map<string, Error[]>();
  #next: number;

  /** `firstId`: two runtimes of one machine give no id twice. */
  constructor(clock: ConstructorParameters<typeof FakePods>[0], firstId = 1) {
    super(clock);
    this.#next = firstId;
  }

  /** How every container of this name acts from its next start on. */
  behave(container: string, behaviour: Behaviour): void {
    this.#behaviours.set(container, behaviour);
  }

  /** The next `times` calls of this method reject. */
  failNext(method: keyof ContainerRuntime, message: string, times = 1): void {
    const errors = Array.from({ length: times }, () => new Error(message));
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), ...errors]);
  }

  /** What was to fail fails no more. */
  mend(): void {
    this.#failures.clear();
  }

  /** The calls that change something, as `method target`; `since` as an index into `calls`. */
  mutations(since = 0): readonly string[] {
    const reading = new Set([
      'version',
      'network',
      'observePods',
      'observeForeign',
      'foreignPods',
      'findImage',
      'listImages',
      'exec',
    ]);
    return this.calls
      .slice(since)
      .flatMap((call) => (reading.has(call.method) ? [] : [`${call.method} ${call.target}`]));
  }

  /** As after a reconnect: look at everything. */
  hintEverything(): void {
    this.runtimeEvents.push({ what: 'reconnected' });
  }

  async version(): Promise<RuntimeVersion> {
    this.#called('version', '');
    return { name: 'fake', version: '1.0.0', apiVersion: '1' };
  }

  async network(): Promise<NetworkState> {
    this.#called('network', '');
    return this.networkProblem === undefined ? {} : { problem: this.networkProblem };
  }

  async observePods(only?: { namespace: string; name: string }): Promise<readonly ObservedPod[]> {
    this.#called('observePods', only === undefined ? '' : `${only.namespace}/${only.name}`);
    return this.observed(only);
  }

  async observeForeign(only?: { namespace: string; name: string }): Promise<readonly ObservedPod[]> {
    this.#called('observeForeign', only === undefined ? '' : `${only.namespace}/${only.name}`);
    return this.observed(only, true).map((pod) => ({ ...pod, foreign: true }));
  }

  async foreignPods(pod: { namespace: string; name: string }): Promise<readonly string[]> {
    this.#called('foreignPods', `${pod.namespace}/${pod.name}`);
    return this.foreign.get(`${pod.namespace}/${pod.name}`) ?? [];
  }

  async findImage(reference: string): Promise<ImageInfo | undefined> {
    this.#called('findImage', reference);
    return this.images.find(reference);
  }

  async listImages(): Promise<readonly ImageInfo[]> {
    this.#called('listImages', '');
    return this.images.list();
  }

  async pullImage(reference: string): Promise<ImageInfo> {
    this.#called('pullImage', reference);
    return this.images.pull(reference);
  }

  async importArchive(path: string): Promise<readonly string[]> {
    this.#called('importArchive', path);
    return this.images.import(path);
  }

  async removeImage(id: string): Promise<void> {
    this.#called('removeImage', id);
    this.images.remove(id);
  }

  refusals(): readonly string[] {
    return [];
  }

  async createSandbox(config: SandboxConfig): Promise<string> {
    this.#called('createSandbox', config.pod.name, config);
    const same = [...this.sandboxes.values()].find(
      (other) => other.pod.uid === config.pod.uid && other.attempt === config.attempt,
    );
    if (same !== undefined) return same.id;
    const id = `sandbox-${this.#next++}`;
    const { pod, attempt, hostNetwork, labels, annotations } = config;
    const ips = hostNetwork ? [] : [`10.88.0.${this.#next}`];
    const createdAtMs = this.clock.now();
    this.sandboxes.set(id, { id, pod, attempt, ready: true, createdAtMs, ips, hostNetwork, labels, annotations });
    return id;
  }

  async startContainer(sandboxId: string, sandbox: SandboxConfig, config: ContainerConfig): Promise<string> {
    this.#called('startContainer', `${sandbox.pod.name}/${config.name}`, config);
    if (this.sandboxes.get(sandboxId)?.ready !== true) throw new Error(`sandbox ${sandboxId} is not running`);
    const same = [...this.containers.values()].find(
      (other) => other.pod.uid === sandbox.pod.uid && other.name === config.name && other.attempt === config.attempt,
    );
    if (same?.state === 'created') {
      this.containers.set(same.id, { ...same, state: 'running', startedAtMs: this.clock.now() });
    }
    if (same !== undefined) return same.id;
    const id = `container-${this.#next++}`;
    const { name, attempt, image, imageId, labels, annotations, logPath } = config;
    const now = this.clock.now();
    const identity = { id, name, sandboxId, pod: sandbox.pod, attempt, image, imageId, labels, annotations, logPath };
    this.containers.set(id, { ...identity, state: 'running', createdAtMs: now, startedAtMs: now });
    const { exitsAfterMs, exitCode = 0 } = this.#behaviours.get(name) ?? {};
    if (exitsAfterMs !== undefined) this.clock.after(exitsAfterMs, () => this.exit(id, exitCode));
    this.runtimeEvents.push({ pod: sandbox.pod, what: `start ${name}` });
    return id;
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    const container = this.containers.get(id);
    this.#called(
      'stopContainer',
      container === undefined ? id : `${container.pod.name}/${container.name}`,
      graceSeconds,
    );
    if (container?.state !== 'running') return;
    const { stopsAfterMs = 0 } = this.#behaviours.get(container.name) ?? {};
    const killed = stopsAfterMs > graceSeconds * 1000;
    const waitMs = Math.min(stopsAfterMs, graceSeconds * 1000);
    if (waitMs > 0) await new Promise<void>((resolve) => void this.clock.after(waitMs, resolve));
    this.exit(id, killed ? 137 : 0);
  }

  async removeContainer(id: string): Promise<void> {
    const container = this.containers.get(id);
    this.#called('removeContainer', container === undefined ? id : `${container.pod.name}/${container.name}`);
    this.containers.delete(id);
  }

  async stopSandbox(id: string): Promise<void> {
    this.#called('stopSandbox', this.sandboxes.get(id)?.pod.name ?? id);
    this.killSandbox(id);
  }

  async removeSandbox(id: string): Promise<void> {
    this.#called('removeSandbox', this.sandboxes.get(id)?.pod.name ?? id);
    this.sandboxes.delete(id);
    for (const container of this.containers.values())
      if (container.sandboxId === id) this.containers.delete(container.id);
  }

  async exec(id: string, command: readonly string[]): Promise<ExecResult> {
    const container = this.containers.get(id);
    this.#called('exec', container?.name ?? id, command);
    if (container?.state !== 'running') throw new Error(`container ${id} is not running`);
    const answer = this.#behaviours.get(container.name)?.exec;
    return answer?.(command) ?? { exitCode: 0, output: '', timedOut: false };
  }

  /** Tests put here what they stream. */
  streams: ContainerStreams = {
    exec: async () => 0,
    attach: async () => 0,
    portForward: async () => new Duplex(),
  };

  /** What every running container uses, unless a test says otherwise. */
  usage: ResourceUsage = {
    cpuNanoseconds: 2e9,
    usageBytes: 3e6,
    workingSetBytes: 2e6,
    rssBytes: 1e6,
    pageFaults: 10,
    majorPageFaults: 1,
  };

  async stats(ids: readonly string[]): Promise<readonly ContainerStats[]> {
    this.#called('stats', ids.join(' '));
    const running = ids.filter((id) => this.containers.get(id)?.state === 'running');
    return running.map((id) => ({ id, atMs: this.clock.now(), ...this.usage }));
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.runtimeEvents.read(signal);
  }

  async close(): Promise<void> {}

  #called(method: keyof ContainerRuntime, target: string, detail?: unknown): void {
    this.calls.push({ method, target, atMs: this.clock.now(), ...(detail === undefined ? {} : { detail }) });
    const failure = this.#failures.get(method)?.shift();
    if (failure !== undefined) throw failure;
  }
}
