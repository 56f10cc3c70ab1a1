import { basename, dirname, join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import type { ObservedContainer, ObservedPod, PodIdentity } from '../runtime/runtime.ts';
import { doingOf, groupsOf } from './action-groups.ts';
import { StartError, startFailureOf } from './apply-errors.ts';
import type { PodContext } from './containers/pod-context.ts';
import { sandboxConfig } from './containers/sandbox-config.ts';
import type { PodAction, StopContainer } from './plan/actions.ts';
import { containerLogLink, podPaths } from './pod-paths.ts';
import { type StartDoors, startContainer } from './start-container.ts';
import type { StartFailure } from './status/container-status.ts';
import { stopContainer } from './stop-container.ts';
import { prepareVolumes } from './volumes/prepare-volumes.ts';

export type ApplyInput = {
  /** Undefined when the pod is not desired: nothing is started then. */
  readonly context: PodContext | undefined;
  readonly observed: readonly ObservedPod[];
  readonly actions: readonly PodAction[];
  /** Told before each action, for people. */
  readonly onDoing: (doing: string) => void;
};

/** What failed, by container; `error` is for people. */
export type ApplyResult = {
  readonly failures: ReadonlyMap<string, StartFailure>;
  readonly error: string | undefined;
  /** Whether something other than getting an image failed: that has a back-off of its own. */
  readonly retry: boolean;
};

/**
 * Carries out a plan in order. What fails ends it; only the containers of a pod do not wait for each other: one that
 * cannot be started leaves the others to be. Stops and removals next to each other happen at the same time.
 */
export async function applyActions(doors: StartDoors, input: ApplyInput): Promise<ApplyResult> {
  const run = new Run(doors, input);
  run.prefetch();
  for (const group of groupsOf(input.actions)) {
    try {
      await run.group(group);
    } catch (thrown) {
      return run.result(thrown);
    }
  }
  return run.result(undefined);
}

class Run {
  readonly #doors: StartDoors;
  readonly #input: ApplyInput;
  readonly #failures = new Map<string, StartFailure>();
  #sandbox: { readonly id: string; readonly attempt: number; readonly ips: readonly string[] } | undefined;

  constructor(doors: StartDoors, input: ApplyInput) {
    this.#doors = doors;
    this.#input = input;
    const sandbox = input.observed.flatMap(({ sandboxes }) => sandboxes).find(({ ready }) => ready);
    this.#sandbox = sandbox && { id: sandbox.id, attempt: sandbox.attempt, ips: sandbox.ips };
  }

  /** All missing images at once, so that the second does not wait for the first. */
  prefetch(): void {
    const missing = this.#input.actions.filter((action) => action.do === 'pull-image');
    if (missing.length > 1) for (const { container } of missing) this.#image(container).catch(() => {});
  }

  async group(group: readonly PodAction[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    const perContainer = first.do === 'pull-image' || first.do === 'start-container';
    if (!perContainer && this.#failures.size > 0) throw new Error([...this.#failures.values()][0]?.message);
    this.#input.onDoing(doingOf(first));
    for (const action of group) this.#say(action);
    await Promise.all(group.map((action) => this.#one(action)));
  }

  result(thrown: unknown): ApplyResult {
    const failures = [...this.#failures.values()];
    const error = thrown === undefined ? failures[0]?.message : messageOf(thrown);
    const onlyImages = failures.length > 0 && failures.every(({ reason }) => reason === 'ErrImagePull');
    return { failures: this.#failures, error, retry: error !== undefined && !onlyImages };
  }

  async #one(action: PodAction): Promise<void> {
    const { runtime } = this.#doors;
    switch (action.do) {
      case 'pull-image':
        return this.#guarded(action.container, () => this.#image(action.container));
      case 'start-container':
        return this.#guarded(action.container, async () => {
          const { id, attempt, ips } = this.#place();
          const place = { context: this.#context(), sandboxId: id, sandboxAttempt: attempt, podIPs: ips };
          await startContainer(this.#doors, place, action);
        });
      case 'create-sandbox':
        return this.#createSandbox(action.attempt);
      case 'stop-container':
        return this.#stop(action);
      case 'remove-container':
        return this.#removeContainer(action.id);
      case 'stop-sandbox':
        return runtime.stopSandbox(action.id);
      case 'remove-sandbox':
        return runtime.removeSandbox(action.id);
      case 'remove-pod-files':
        return this.#removeFiles(action.uid);
    }
  }

  async #guarded(container: string, action: () => Promise<unknown>): Promise<void> {
    if (this.#failures.has(container)) return;
    try {
      await action();
    } catch (thrown) {
      this.#failures.set(container, startFailureOf(thrown));
      const { name } = this.#context().desired.pod.metadata;
      this.#doors.log.warn(`${name}/${container} cannot be started: ${messageOf(thrown)}`);
    }
  }

  async #image(container: string): Promise<void> {
    const { pod, uid } = this.#context().desired;
    const spec = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(({ name }) => name === container);
    if (spec === undefined) return;
    await this.#doors.images.get(uid, spec).catch((thrown: unknown) => {
      throw new StartError(spec.imagePullPolicy === 'Never' ? 'ErrImageNeverPull' : 'ErrImagePull', thrown);
    });
  }

  async #createSandbox(attempt: number): Promise<void> {
    const { host, runtime, images, log } = this.#doors;
    const context = this.#context();
    const { pod, uid } = context.desired;
    const { name, namespace } = pod.metadata;
    await this.#warnOfOthers({ name, namespace });
    await host.makeDirectory(context.paths.dir, { mode: 0o750 });
    await host.makeDirectory(context.paths.logDir, { mode: 0o755 });
    await prepareVolumes(host, pod, context.paths);
    if (runtime.type !== 'process')
      await images.get(uid, { image: context.sandboxImage, imagePullPolicy: 'IfNotPresent' });
    const id = await runtime.createSandbox(await sandboxConfig(host, context, attempt));
    log.verbose(1, `${namespace}/${name}: sandbox ${id}`);
    const ips = pod.spec.hostNetwork ? [] : await this.#ipsOf({ name, namespace }, id);
    this.#sandbox = { id, attempt, ips };
  }

  async #warnOfOthers(pod: { readonly namespace: string; readonly name: string }): Promise<void> {
    const others = await this.#doors.runtime.foreignPods(pod);
    if (others.length === 0) return;
    this.#doors.log.warn(
      `${pod.namespace}/${pod.name} exists for somebody else too, which is left alone: ${others.join(', ')}`,
    );
  }

  async #ipsOf(
    pod: { readonly namespace: string; readonly name: string },
    sandboxId: string,
  ): Promise<readonly string[]> {
    const observed = await this.#doors.runtime.observePods(pod);
    return observed.flatMap(({ sandboxes }) => sandboxes).find(({ id }) => id === sandboxId)?.ips ?? [];
  }

  async #stop({ id, graceSeconds }: StopContainer): Promise<void> {
    const container = this.#observed(id);
    if (container === undefined) return this.#doors.runtime.stopContainer(id, graceSeconds);
    const sandbox = this.#input.observed
      .flatMap(({ sandboxes }) => sandboxes)
      .find((own) => own.id === container.sandboxId);
    const address = sandbox?.ips[0] ?? this.#input.context?.node.ips[0] ?? '127.0.0.1';
    await stopContainer(this.#doors, container, { graceSeconds, address });
  }

  async #removeContainer(id: string): Promise<void> {
    const { host, runtime, paths } = this.#doors;
    const container = this.#observed(id);
    await runtime.removeContainer(id);
    if (container === undefined) return;
    await host.remove(containerLogLink(paths, container.pod, container));
    // The log itself and what rotation made of it.
    const dir = dirname(container.logPath);
    const own = basename(container.logPath);
    const names = ((await host.list(dir)) ?? []).filter((name) => name === own || name.startsWith(`${own}.`));
    for (const name of names) await host.remove(join(dir, name));
  }

  async #removeFiles(uid: string): Promise<void> {
    const { host, paths, images } = this.#doors;
    const pod: PodIdentity | undefined = this.#input.observed.find((observed) => observed.pod.uid === uid)?.pod;
    if (pod === undefined) return;
    const { dir, logDir } = podPaths(paths, pod);
    await host.remove(dir, { recursive: true });
    await host.remove(logDir, { recursive: true });
    images.forget(uid);
  }

  #observed(id: string): ObservedContainer | undefined {
    return this.#input.observed.flatMap(({ containers }) => containers).find((container) => container.id === id);
  }

  #context(): PodContext {
    if (this.#input.context === undefined) throw new Error('nothing is started for a pod that is not desired');
    return this.#input.context;
  }

  #place(): { readonly id: string; readonly attempt: number; readonly ips: readonly string[] } {
    if (this.#sandbox === undefined) throw new Error('there is no sandbox to start in');
    return this.#sandbox;
  }

  #say(action: PodAction): void {
    const [observed] = this.#input.observed;
    const name = this.#input.context?.desired.pod.metadata.name ?? observed?.pod.name ?? '';
    const what = 'container' in action ? action.container : 'name' in action ? action.name : '';
    const attempt = 'attempt' in action ? ` attempt ${action.attempt}` : '';
    this.#doors.log.info(`${name}: ${action.do}${what === '' ? '' : ` ${what}`}${attempt}: ${action.because}`);
  }
}
