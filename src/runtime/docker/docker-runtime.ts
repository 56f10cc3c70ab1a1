import type { Clock } from '../../base/clock.ts';
import { PreflightError } from '../../base/errors.ts';
import { type Log, warnOnce } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';
import type {
  ContainerConfig,
  ContainerRuntime,
  ExecResult,
  ImageInfo,
  ObservedPod,
  PullOptions,
  RuntimeEvent,
  RuntimeVersion,
  SandboxConfig,
} from '../runtime.ts';
import { DockerClient } from './client.ts';
import { dockerEvents } from './events.ts';
import { execInContainer } from './exec.ts';
import { findImage, importArchive, listImages, pullImage, removeImage } from './images.ts';
import { linkLog } from './log-links.ts';
import { daemonLacksSysResource, Niceties } from './niceties.ts';
import { containersIn, foreignPods, InspectCache, observePods, type PodName } from './observe.ts';
import { inspectContainer, removeContainer, stopContainer } from './remove.ts';
import { type ContainerSpec, containerSpec, type LogRotation, sandboxSpec } from './specs.ts';
import { createAndStart, type StartContext } from './start.ts';

export type DockerRuntimeOptions = {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  /** The value of the owner label: one for each root directory. */
  readonly owner: string;
  readonly socketPath: string;
  /** Of json-file logs; the kubelet's defaults when not given. */
  readonly logRotation?: LogRotation | undefined;
};

/** cri-dockerd gives a sandbox 10 s to stop (core/sandbox_stop.go, defaultSandboxGracePeriod). */
const sandboxGraceSeconds = 10;

/** Pods in a Docker Engine as dockershim had them. Nothing is contacted before the first call. */
export function createDockerRuntime(options: DockerRuntimeOptions): ContainerRuntime {
  return new DockerRuntime(options);
}

class DockerRuntime implements ContainerRuntime {
  readonly type = 'docker';
  readonly #options: DockerRuntimeOptions;
  readonly #client: DockerClient;
  readonly #cache = new InspectCache();
  readonly #niceties: Niceties;
  readonly #warn: (message: string) => void;
  #privileges: Promise<void> | undefined;

  constructor(options: DockerRuntimeOptions) {
    this.#options = options;
    this.#client = new DockerClient(options.socketPath, options.clock);
    this.#niceties = new Niceties(options.log);
    this.#warn = warnOnce(options.log);
  }

  async version(): Promise<RuntimeVersion> {
    const answer = await this.#client.call('cannot ask Docker for its version', (docker) => docker.version());
    const { Version, ApiVersion } = answer;
    refuseOldApi(Version, ApiVersion);
    return { name: 'docker', version: Version, apiVersion: ApiVersion };
  }

  observePods(only?: PodName): Promise<readonly ObservedPod[]> {
    return observePods(this.#client, this.#cache, only, this.#options.owner);
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

  refusals(_sandbox: SandboxConfig, containers: readonly ContainerConfig[]): readonly string[] {
    return containers
      .filter(({ security }) => security.runAsGroup !== undefined && security.runAsUser === undefined)
      .map(({ name }) => `container ${name}: runAsGroup without runAsUser cannot be given to Docker`);
  }

  async createSandbox(config: SandboxConfig): Promise<string> {
    await this.#options.host.makeDirectory(config.logDirectory);
    return this.#start(sandboxSpec(config, this.#options));
  }

  async startContainer(sandboxId: string, sandbox: SandboxConfig, config: ContainerConfig): Promise<string> {
    const id = await this.#start(containerSpec(sandboxId, sandbox, config, this.#options));
    const { LogPath } = await inspectContainer(this.#client, id);
    await linkLog(this.#options.host, config.logPath, LogPath ?? '');
    return id;
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await stopContainer(this.#client, id, graceSeconds);
    this.#cache.forget(id);
  }

  async removeContainer(id: string): Promise<void> {
    await removeContainer(this.#client, this.#options.host, id);
    this.#cache.forget(id);
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
    const context = { ...this.#options, client: this.#client, warn: this.#warn };
    return execInContainer(context, { id, command, timeoutMs });
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const onChange = (id: string) => this.#cache.forget(id);
    return dockerEvents({ ...this.#options, client: this.#client, onChange }, signal);
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async #start(spec: ContainerSpec): Promise<string> {
    this.#privileges ??= this.#findPrivileges();
    await this.#privileges;
    const { owner, host } = this.#options;
    const randomHex = () => Buffer.from(host.randomBytes(4)).toString('hex');
    const context: StartContext = { client: this.#client, niceties: this.#niceties, owner, randomHex };
    return createAndStart(context, spec);
  }

  /** Asked beforehand where it can be seen, since a failed start costs a quarter of a second. */
  async #findPrivileges(): Promise<void> {
    const { host, socketPath } = this.#options;
    if (await daemonLacksSysResource(host, socketPath)) this.#niceties.lacks('oom-score');
  }
}

/** Docker 20.10 is the oldest that we know to do all we ask for. */
function refuseOldApi(version: string, apiVersion: string): void {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  if (major > 1 || minor >= 41) return;
  throw new PreflightError(`Docker ${version} speaks API ${apiVersion}; 1.41 or newer is needed (Docker 20.10)`, {
    hint: 'update Docker, or use --runtime process',
  });
}
