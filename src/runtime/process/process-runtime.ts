import { OperationError } from '../../base/errors.ts';
import { warnOnce } from '../../base/log.ts';
import { copyAndTruncate } from '../../host/log-file.ts';
import { platformOf } from '../images/manifest.ts';
import { findStored, listStored, storedInfo } from '../images/store.ts';
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
  RuntimeVersion,
  SandboxConfig,
} from '../runtime.ts';
import { ContainerMemory } from './container-memory.ts';
import { findTools, type ProcessContext, type ProcessRuntimeOptions, stateOf } from './context.ts';
import { processEvents } from './events.ts';
import { execInContainer } from './exec.ts';
import { ExitWatch } from './exit-watch.ts';
import type { HostTools } from './launch.ts';
import { containersOf, observePods } from './observe.ts';
import { Orphans } from './orphans.ts';
import { processPaths, readBootId, readSandbox } from './records.ts';
import { planRefusals } from './refusals.ts';
import { createSandbox, writeSandbox } from './sandboxes.ts';
import { SessionKiller } from './session.ts';
import { startContainer } from './start.ts';
import { processStats } from './stats.ts';
import { killRest, stopContainer } from './stop.ts';
import { processStreams } from './streams.ts';

export type { ProcessRuntimeOptions } from './context.ts';

/** Pods as child processes of the host, kept by a few lines of sh each. Nothing is touched before the first call. */
export function createProcessRuntime(options: ProcessRuntimeOptions): ContainerRuntime {
  return new ProcessRuntime(options);
}

class ProcessRuntime implements ContainerRuntime {
  readonly type = 'process';
  readonly streams: ContainerStreams;
  readonly #context: ProcessContext;
  #bootId: Promise<string> | undefined;
  #tools: Promise<HostTools> | undefined;

  constructor(options: ProcessRuntimeOptions) {
    const { host, clock, containersDir } = options;
    const paths = processPaths(containersDir);
    const exits = new ExitWatch(host, clock, paths.exits);
    this.#context = {
      ...options,
      paths,
      memory: new ContainerMemory(host, paths),
      exits,
      sessions: new SessionKiller(host),
      orphans: new Orphans(host, clock, (id) => exits.tell(id)),
      bootId: () => (this.#bootId ??= readBootId(host)),
      tools: () => (this.#tools ??= findTools(host)),
      warn: warnOnce(options.log),
    };
    this.streams = processStreams(this.#context);
  }

  async version(): Promise<RuntimeVersion> {
    await this.#context.tools();
    return { name: 'process', version: 'v1', apiVersion: 'v1' };
  }

  /** Every pod is on the host network. */
  async network(): Promise<NetworkState> {
    return {};
  }

  observePods(only?: { readonly namespace: string; readonly name: string }): Promise<readonly ObservedPod[]> {
    return observePods(this.#context, only);
  }

  /** The containers directory belongs to one root, so nobody else's pods can be in it. */
  async observeForeign(): Promise<readonly ObservedPod[]> {
    return [];
  }

  async foreignPods(): Promise<readonly string[]> {
    return [];
  }

  async findImage(reference: string): Promise<ImageInfo | undefined> {
    const { host, storeDir } = this.#context;
    const image = await findStored(host, storeDir, reference);
    return image && storedInfo(host, storeDir, image);
  }

  listImages(): Promise<readonly ImageInfo[]> {
    return listStored(this.#context.host, this.#context.storeDir);
  }

  // What fetches images is loaded only when it is needed: an agent that has its images stays small.

  async pullImage(reference: string, options: PullOptions = {}): Promise<ImageInfo> {
    const { host, clock, storeDir } = this.#context;
    const { pullImage } = await import('../images/pull.ts');
    const id = await pullImage(
      { host, clock, storeDir, platform: platformOf(host.architecture()) },
      reference,
      options,
    );
    const image = await this.findImage(id);
    if (image === undefined) throw new OperationError(`image ${reference} was removed from the store at this moment`);
    return image;
  }

  async importArchive(path: string): Promise<readonly string[]> {
    const { host, storeDir } = this.#context;
    const { importArchive } = await import('../images/import.ts');
    return importArchive(host, { storeDir, platform: platformOf(host.architecture()) }, path);
  }

  async removeImage(id: string): Promise<void> {
    const { host, storeDir } = this.#context;
    for (const { containers } of await this.observePods()) {
      const user = containers.find((container) => container.imageId === id && container.state !== 'exited');
      if (user !== undefined)
        throw new OperationError(`image ${id} is in use by container ${user.name} of ${user.pod.name}`);
    }
    const { removeStored } = await import('../images/scratch.ts');
    await removeStored(host, storeDir, id);
  }

  refusals(sandbox: SandboxConfig, containers: readonly ContainerConfig[]): readonly string[] {
    return planRefusals(sandbox, containers, this.#context.host);
  }

  async createSandbox(config: SandboxConfig): Promise<string> {
    this.#refuse(config, []);
    return createSandbox(this.#context, config);
  }

  async startContainer(sandboxId: string, sandbox: SandboxConfig, config: ContainerConfig): Promise<string> {
    this.#refuse(sandbox, [config]);
    return startContainer(this.#context, { sandboxId, sandbox, config });
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await stopContainer(this.#context, id, graceSeconds);
  }

  async removeContainer(id: string): Promise<void> {
    const { host, paths } = this.#context;
    const record = await this.#context.memory.record(id);
    const running = record !== undefined && (await stateOf(this.#context, record)).is !== 'exited';
    await (running ? stopContainer(this.#context, id, 0) : killRest(this.#context, id));
    // The directory first: an exit code without a container is nothing, the other way round it would look lost.
    await host.remove(paths.container(id), { recursive: true });
    await host.remove(paths.exit(id));
    this.#context.memory.forget(id);
  }

  async stopSandbox(id: string): Promise<void> {
    const { host, paths } = this.#context;
    const sandbox = await readSandbox(host, paths.sandbox(id));
    if (sandbox === undefined) return;
    const containers = await containersOf(this.#context, id);
    await Promise.all(containers.map((container) => this.stopContainer(container.id, 0)));
    if (!sandbox.stopped) await writeSandbox(this.#context, { ...sandbox, stopped: true });
  }

  async removeSandbox(id: string): Promise<void> {
    const { host, paths } = this.#context;
    const containers = await containersOf(this.#context, id);
    await Promise.all(containers.map((container) => this.removeContainer(container.id)));
    await host.remove(paths.sandbox(id));
    this.#context.memory.forget(id);
  }

  async exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    return execInContainer(this.#context, id, { command, timeoutMs });
  }

  /** The program keeps the file that it appends to: what it writes between copy and cut is lost. */
  moveLog({ path }: { readonly path: string }, to: string): Promise<void> {
    return copyAndTruncate(path, to);
  }

  stats(ids: readonly string[]): Promise<readonly ContainerStats[]> {
    return processStats(this.#context, ids);
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return processEvents(this.#context, signal);
  }

  async close(): Promise<void> {
    this.#context.orphans.close();
  }

  #refuse(sandbox: SandboxConfig, containers: readonly ContainerConfig[]): void {
    const reasons = this.refusals(sandbox, containers);
    if (reasons.length === 0) return;
    throw new OperationError(`pod ${sandbox.pod.name} cannot run here: ${reasons.join('; ')}`);
  }
}
