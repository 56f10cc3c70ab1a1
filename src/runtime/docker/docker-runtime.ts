import { OperationError } from '../../base/errors.ts';
import { warnOnce } from '../../base/log.ts';
import type { GroupStats } from '../cgroups/container-stats.ts';
import { driverRemarks } from '../cgroups/driver-remarks.ts';
import { PodCgroups } from '../cgroups/pod-cgroups.ts';
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
import { DockerClient, lookTimeoutMs } from './client.ts';
import { EngineFactsCache, refuseOldApi } from './engine-facts.ts';
import { dockerEvents } from './events.ts';
import { execInContainer, type Lingering } from './exec.ts';
import { findImage, importArchive, listImages, pullImage, removeImage } from './images.ts';
import { linkLog } from './log-links.ts';
import { daemonLacksSysResource, Niceties } from './niceties.ts';
import { containersIn, foreignPods, InspectCache, observePods, type PodName } from './observe.ts';
import type { DockerRuntimeOptions } from './options.ts';
import { planNotes, planRefusals } from './refusals.ts';
import { inspectContainer, removeContainer, stopContainer } from './remove.ts';
import { type ContainerSpec, containerSpec, sandboxSpec } from './specs.ts';
import { createAndStart } from './start.ts';
import { dockerStats } from './stats.ts';
import { dockerStreams } from './streams.ts';

export type { DockerRuntimeOptions } from './options.ts';

/** cri-dockerd gives a sandbox 10 s to stop (core/sandbox_stop.go, defaultSandboxGracePeriod). */
const sandboxGraceSeconds = 10;

/** Pods in a Docker Engine as dockershim had them. Nothing is contacted before the first call. */
export function createDockerRuntime(options: DockerRuntimeOptions): ContainerRuntime {
  return new DockerRuntime(options);
}

class DockerRuntime implements ContainerRuntime {
  readonly type = 'docker';
  readonly streams: ContainerStreams;
  readonly #options: DockerRuntimeOptions;
  readonly #client: DockerClient;
  readonly #cache = new InspectCache();
  readonly #foreignCache = new InspectCache();
  readonly #niceties: Niceties;
  readonly #warn: (message: string) => void;
  readonly #facts: EngineFactsCache;
  readonly #groups: PodCgroups;
  readonly #lingering: Lingering = new Map();
  readonly #stats: GroupStats;
  #privileges: Promise<void> | undefined;

  constructor(options: DockerRuntimeOptions) {
    this.#options = options;
    this.#client = new DockerClient(options.socketPath, options.clock);
    this.#niceties = new Niceties(options.log);
    this.#warn = warnOnce(options.log);
    this.#facts = new EngineFactsCache(this.#client);
    this.#groups = new PodCgroups({ ...options, warn: this.#warn });
    this.#stats = dockerStats({ ...options, client: this.#client });
    this.streams = dockerStreams({ ...options, client: this.#client, warn: this.#warn });
  }

  async version(): Promise<RuntimeVersion> {
    const answer = await this.#client.call('cannot ask Docker for its version', (docker) => docker.version(), {
      timeoutMs: lookTimeoutMs,
    });
    const { Version, ApiVersion } = answer;
    refuseOldApi(Version, ApiVersion);
    return { name: 'docker', version: Version, apiVersion: ApiVersion };
  }

  async remarks(): Promise<readonly RuntimeRemark[]> {
    const how = 'set "exec-opts": ["native.cgroupdriver=systemd"] in /etc/docker/daemon.json, and restart Docker';
    return driverRemarks(this.#options.host, (await this.#facts.get()).cgroupDriver, how);
  }

  /** An engine without its bridge refuses such pods (refusals.ts). */
  async network(): Promise<NetworkState> {
    return {};
  }

  observePods(only?: PodName): Promise<readonly ObservedPod[]> {
    return observePods(this.#client, this.#cache, { only, owner: this.#options.owner });
  }

  observeForeign(only?: PodName): Promise<readonly ObservedPod[]> {
    return observePods(this.#client, this.#foreignCache, { only, owner: this.#options.owner, foreign: true });
  }

  foreignPods(pod: PodName): Promise<readonly string[]> {
    return foreignPods(this.#client, pod, this.#options.owner);
  }

  findImage(reference: string): Promise<ImageInfo | undefined> {
    return findImage(this.#client, reference);
  }

  listImages(): Promise<readonly ImageInfo[]> {
    return listImages(this.#client);
  }

  pullImage(reference: string, options: PullOptions = {}): Promise<ImageInfo> {
    return pullImage({ ...this.#options, client: this.#client }, reference, options);
  }

  importArchive(path: string): Promise<readonly string[]> {
    return importArchive(this.#client, path);
  }

  removeImage(id: string): Promise<void> {
    return removeImage(this.#client, id);
  }

  async refusals(sandbox: SandboxConfig, containers: readonly ContainerConfig[]): Promise<readonly string[]> {
    const facts = await this.#facts.get();
    for (const container of containers) for (const note of planNotes(container, facts)) this.#warn(note);
    return planRefusals(sandbox, containers, facts);
  }

  async createSandbox(config: SandboxConfig): Promise<string> {
    await this.#refuse(config, []);
    const fitted = await this.#withGroup(config);
    const id = await this.#start(sandboxSpec(fitted, this.#options));
    const { cgroupParent, resources } = fitted;
    if (cgroupParent !== undefined && resources !== undefined && !this.#niceties.isLacking('cgroup-parent')) {
      await this.#groups.limit(cgroupParent, resources);
    }
    return id;
  }

  async startContainer(sandboxId: string, sandbox: SandboxConfig, config: ContainerConfig): Promise<string> {
    await this.#refuse(sandbox, [config]);
    const fitted = await this.#withGroup(sandbox);
    const id = await this.#start(containerSpec(sandboxId, fitted, config, this.#options));
    await linkLog(this.#options, config.logPath, async () => (await inspectContainer(this.#client, id)).LogPath ?? '');
    return id;
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await stopContainer(this.#client, id, graceSeconds);
    this.#forget(id);
  }

  async removeContainer(id: string): Promise<void> {
    const cgroupParent = await removeContainer(this.#client, this.#options.host, id);
    this.#forget(id);
    if (cgroupParent !== '') await this.#groups.remove(cgroupParent);
  }

  stopSandbox(id: string): Promise<void> {
    return this.stopContainer(id, sandboxGraceSeconds);
  }

  async removeSandbox(id: string): Promise<void> {
    for (const container of await containersIn(this.#client, id, this.#options.owner)) {
      await this.removeContainer(container);
    }
    await this.removeContainer(id);
  }

  exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    const context = { ...this.#options, client: this.#client, warn: this.#warn, lingering: this.#lingering };
    return execInContainer(context, { id, command, timeoutMs });
  }

  stats(ids: readonly string[]): Promise<readonly ContainerStats[]> {
    return this.#stats.of(ids);
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const onChange = (id: string) => this.#cache.forget(id);
    const onGap = () => {
      this.#cache.clear();
      this.#facts.forget();
    };
    return dockerEvents({ ...this.#options, client: this.#client, onChange, onGap }, signal);
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  /** Whoever it belongs to. */
  #forget(id: string): void {
    for (const cache of [this.#cache, this.#foreignCache]) cache.forget(id);
  }

  async #start(spec: ContainerSpec): Promise<string> {
    this.#privileges ??= this.#findPrivileges();
    await this.#privileges;
    const { owner, host } = this.#options;
    const randomHex = () => Buffer.from(host.randomBytes(4)).toString('hex');
    const context = { client: this.#client, niceties: this.#niceties, owner, randomHex, warn: this.#warn };
    return createAndStart(context, spec);
  }

  async #refuse(sandbox: SandboxConfig, containers: readonly ContainerConfig[]): Promise<void> {
    const reasons = await this.refusals(sandbox, containers);
    if (reasons.length > 0) throw new OperationError(`pod ${sandbox.pod.name} cannot run here: ${reasons.join('; ')}`);
  }

  async #withGroup(sandbox: SandboxConfig): Promise<SandboxConfig> {
    const { cgroupDriver } = await this.#facts.get();
    const cgroupParent = sandbox.cgroupParent ?? this.#groups.parentOf(sandbox, cgroupDriver);
    return cgroupParent === undefined ? sandbox : { ...sandbox, cgroupParent };
  }

  /** Asked beforehand where it can be seen, since a failed start costs a quarter of a second. */
  async #findPrivileges(): Promise<void> {
    const { host, socketPath } = this.#options;
    if (await daemonLacksSysResource(host, socketPath)) this.#niceties.lacks('oom-score');
    await this.#groups.sweep();
  }
}
