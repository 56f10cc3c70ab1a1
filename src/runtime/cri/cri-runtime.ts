import { OperationError } from '../../base/errors.ts';
import { warnOnce } from '../../base/log.ts';
import type { GroupStats } from '../cgroups/container-stats.ts';
import { driverRemarks } from '../cgroups/driver-remarks.ts';
import type {
  ContainerConfig,
  ContainerRuntime,
  ContainerStats,
  ContainerStreams,
  ExecResult,
  ImageInfo,
  NetworkState,
  ObservedPod,
  PullOptions,
  RuntimeEvent,
  RuntimeRemark,
  RuntimeVersion,
  SandboxConfig,
} from '../runtime.ts';
import { CriClient, lookTimeoutMs, versionTimeoutMs } from './client.ts';
import type { RequestFacts } from './container-request.ts';
import type { CriContext, CriRuntimeOptions } from './context.ts';
import { startContainer } from './create.ts';
import { criEvents } from './events.ts';
import { execInContainer } from './exec.ts';
import { CriFactsCache } from './facts.ts';
import { findImage, importArchive, listImages, pullImage, removeImage } from './images.ts';
import { KnownPods } from './known-pods.ts';
import { moveLog } from './logs.ts';
import { networkState } from './network.ts';
import { foreignPods, observePods, type PodName, type Whose } from './observe.ts';
import { planNotes, planRefusals } from './refusals.ts';
import { planRemarks } from './remarks.ts';
import { removeContainer, stopContainer, stopSandbox } from './remove.ts';
import { Sandboxes } from './sandboxes.ts';
import { criStats } from './stats.ts';
import { StatusCache } from './status-cache.ts';
import { criStreams } from './streams.ts';

/** Pods in containerd or CRI-O, as the kubelet has them there. Nothing is contacted before the first call. */
export function createCriRuntime(options: CriRuntimeOptions): ContainerRuntime {
  return new CriRuntime(options);
}

class CriRuntime implements ContainerRuntime {
  readonly type = 'cri';
  readonly streams: ContainerStreams;
  readonly #context: CriContext;
  readonly #client: CriClient;
  readonly #owner: string;
  readonly #cache: StatusCache;
  readonly #facts: CriFactsCache;
  readonly #sandboxes: Sandboxes;
  readonly #stats: GroupStats;

  constructor(options: CriRuntimeOptions) {
    this.#client = new CriClient(options);
    this.#owner = options.owner;
    this.#cache = new StatusCache(options.clock);
    this.#context = { ...options, client: this.#client, known: new KnownPods(), warn: warnOnce(options.log) };
    this.#facts = new CriFactsCache(this.#context);
    this.#sandboxes = new Sandboxes(this.#context, this.#facts);
    this.#stats = criStats(this.#context);
    this.streams = criStreams(this.#context);
  }

  async version(): Promise<RuntimeVersion> {
    const what = 'cannot ask the container runtime for its version';
    const answer = await this.#client.call('Version', {}, { what, timeoutMs: versionTimeoutMs });
    return { name: answer.runtimeName, version: answer.runtimeVersion, apiVersion: answer.runtimeApiVersion };
  }

  async remarks(): Promise<readonly RuntimeRemark[]> {
    this.#facts.forget();
    const facts = await this.#facts.get();
    const hasSandboxImage =
      facts.sandboxImage === undefined || (await this.findImage(facts.sandboxImage)) !== undefined;
    const how = 'set SystemdCgroup = true for runc in /etc/containerd/config.toml, and restart containerd';
    const drivers = await driverRemarks(this.#context.host, facts.cgroupDriver, how);
    return [...drivers, ...planRemarks({ ...facts, hasSandboxImage })];
  }

  async network(): Promise<NetworkState> {
    const what = 'cannot ask the container runtime for its network';
    return networkState(await this.#client.call('Status', { verbose: true }, { what, timeoutMs: lookTimeoutMs }));
  }

  observePods(only?: PodName): Promise<readonly ObservedPod[]> {
    return this.#observe({ owner: this.#owner }, only);
  }

  observeForeign(only?: PodName): Promise<readonly ObservedPod[]> {
    return this.#observe({ owner: this.#owner, foreign: true }, only);
  }

  foreignPods(pod: PodName): Promise<readonly string[]> {
    return foreignPods(this.#client, pod, this.#owner);
  }

  findImage(reference: string): Promise<ImageInfo | undefined> {
    return findImage(this.#client, reference);
  }

  listImages(): Promise<readonly ImageInfo[]> {
    return listImages(this.#client);
  }

  async pullImage(reference: string, options: PullOptions = {}): Promise<ImageInfo> {
    return pullImage(this.#context, await this.#facts.get(), { ...options, reference });
  }

  importArchive(path: string): Promise<readonly string[]> {
    return importArchive(this.#context, path);
  }

  removeImage(id: string): Promise<void> {
    return removeImage(this.#client, id);
  }

  async refusals(_sandbox: SandboxConfig, containers: readonly ContainerConfig[]): Promise<readonly string[]> {
    const facts = await this.#facts.get();
    for (const container of containers) for (const note of planNotes(container, facts)) this.#context.warn(note);
    return planRefusals(containers, facts);
  }

  createSandbox(config: SandboxConfig): Promise<string> {
    return this.#sandboxes.create(config);
  }

  async startContainer(sandboxId: string, sandbox: SandboxConfig, config: ContainerConfig): Promise<string> {
    const reasons = await this.refusals(sandbox, [config]);
    if (reasons.length > 0) throw new OperationError(`pod ${sandbox.pod.name} cannot run here: ${reasons.join('; ')}`);
    const fitted = await this.#sandboxes.withGroup(sandbox);
    const place = { sandboxId, sandbox: fitted, config };
    return startContainer(this.#client, place, await this.#requestFacts(config));
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await this.#context.known.whileStopping(id, () => stopContainer(this.#client, id, graceSeconds));
    this.#cache.forget(id);
  }

  async removeContainer(id: string): Promise<void> {
    await removeContainer(this.#context, id);
    this.#cache.forget(id);
  }

  async stopSandbox(id: string): Promise<void> {
    await this.#context.known.whileStopping(id, () => stopSandbox(this.#client, id));
    this.#cache.forget(id);
  }

  async removeSandbox(id: string): Promise<void> {
    await this.#sandboxes.remove(id);
    this.#cache.forget(id);
  }

  exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    return execInContainer(this.#context, { id, command, timeoutMs });
  }

  moveLog(log: { readonly id: string; readonly path: string }, to: string): Promise<void> {
    return moveLog(this.#context, log, to);
  }

  stats(ids: readonly string[]): Promise<readonly ContainerStats[]> {
    return this.#stats.of(ids);
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const onChange = (id: string) => this.#cache.forget(id);
    return criEvents({ ...this.#context, onChange, onGap: () => this.#cache.clear() }, signal);
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async #observe(whose: Whose, only: PodName | undefined): Promise<readonly ObservedPod[]> {
    const { runtimeName } = await this.#facts.get();
    return observePods({ ...this.#context, cache: this.#cache, runtimeName }, whose, only);
  }

  /** An image that names its user is run as that one, unless the pod says otherwise. */
  async #requestFacts({ security, image, imageId }: ContainerConfig): Promise<RequestFacts> {
    const { maskedPaths, appArmor } = await this.#facts.get();
    const found = security.runAsUser === undefined ? await this.findImage(imageId || image) : undefined;
    return { owner: this.#owner, imageUser: found?.user ?? '', maskedPaths, appArmor };
  }
}
