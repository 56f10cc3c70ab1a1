import { messageOf } from '../../base/errors.ts';
import type { ObservedContainer, ObservedPod } from '../../runtime/runtime.ts';
import type { PodContext } from '../containers/pod-context.ts';
import { deeds } from '../events/deeds.ts';
import { containerSubject, podSubject } from '../events/subject.ts';
import { tell, tellFailure, tellPull } from '../events/tell.ts';
import type { PodAction, StopContainer } from '../plan/actions.ts';
import type { StartFailure } from '../status/container-status.ts';
import { doingOf, groupsOf } from './action-groups.ts';
import { StartError, startFailureOf } from './apply-errors.ts';
import { createSandbox, type Sandbox } from './create-sandbox.ts';
import { removeContainer, removePodFiles } from './remove-pod.ts';
import { type StartDoors, startContainer } from './start-container.ts';
import { type Stop, stopContainers } from './stop-container.ts';

export type ApplyInput = {
  /** Undefined when the pod is not desired: nothing is started then. */
  readonly context: PodContext | undefined;
  readonly observed: readonly ObservedPod[];
  readonly actions: readonly PodAction[];
  /** Told before each action, for people. */
  readonly onDoing: (doing: string) => void;
  /** A pull that was begun has ended. */
  readonly onImage?: () => void;
  /** Stops have begun. */
  readonly onStopping?: () => void;
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
  #sandbox: Sandbox | undefined;

  constructor(doors: StartDoors, input: ApplyInput) {
    this.#doors = doors;
    this.#input = input;
    const own = input.observed.find(({ pod }) => pod.uid === input.context?.desired.uid);
    const sandbox = own?.sandboxes.find(({ ready, former }) => ready && former === input.context?.former);
    this.#sandbox = sandbox && { id: sandbox.id, attempt: sandbox.attempt, ips: sandbox.ips };
  }

  async group(group: readonly PodAction[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    const stops = group.flatMap((action) => (action.do === 'stop-container' ? [action] : []));
    this.#input.onDoing(doingOf(stops[0] ?? first));
    for (const action of group) this.#say(action);
    const others = group.filter((action) => action.do !== 'stop-container');
    const stopping = stops.length > 0 ? [this.#stop(stops)] : [];
    const ends = await Promise.allSettled([...stopping, ...others.map((action) => this.#one(action))]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  result(thrown: unknown): ApplyResult {
    if (thrown instanceof StartError) this.#failAll(startFailureOf(thrown));
    const failures = [...this.#failures.values()];
    const error = thrown === undefined ? failures[0]?.message : messageOf(thrown);
    const onlyImages = thrown === undefined && failures.length > 0 && failures.every(isOfImage);
    return { failures: this.#failures, error, retry: error !== undefined && !onlyImages };
  }

  async #one(action: PodAction): Promise<void> {
    const { runtime } = this.#doors;
    switch (action.do) {
      case 'pull-image':
        return this.#beginPull(action.container);
      case 'start-container':
        return this.#guarded(action.container, async () => {
          const { id, attempt, ips } = this.#place();
          const place = { context: this.#context(), sandboxId: id, sandboxAttempt: attempt, podIPs: ips };
          await startContainer(this.#doors, place, action);
        });
      case 'create-sandbox':
        this.#sandbox = await createSandbox(this.#doors, this.#context(), action.attempt);
        if (action.attempt > 0) tell(this.#doors, podSubject(this.#context().desired.pod), [deeds.sandboxChanged()]);
        return;
      case 'stop-container':
        return this.#stop([action]);
      case 'remove-container':
        return removeContainer(this.#doors, action.id, this.#observed(action.id));
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
      const failure = startFailureOf(thrown);
      this.#failures.set(container, failure);
      const { pod } = this.#context().desired;
      const { name } = pod.metadata;
      tellFailure(this.#doors, pod, { container, ...failure });
      // The turn says it, once, with the time of the next try.
      this.#doors.log.verbose(1, `${name}/${container} cannot be started: ${messageOf(thrown)}`);
    }
  }

  /** What keeps the whole pod from starting is shown on each container that does not run. */
  #failAll(failure: StartFailure): void {
    const { context, observed } = this.#input;
    if (context !== undefined) tellFailure(this.#doors, context.desired.pod, failure);
    const running = observed.flatMap(({ containers }) => containers).filter(({ state }) => state === 'running');
    const { initContainers = [], containers = [] } = context?.desired.pod.spec ?? {};
    for (const { name } of [...initContainers, ...containers]) {
      if (!running.some((container) => container.name === name)) this.#failures.set(name, failure);
    }
  }

  #beginPull(container: string): void {
    const { pod, uid } = this.#context().desired;
    const spec = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(({ name }) => name === container);
    if (spec === undefined) return;
    tell(this.#doors, containerSubject(pod, container), [deeds.pulling(spec.image)]);
    this.#doors.images.begin(uid, spec, (end) => {
      tellPull(this.#doors, pod, spec, end);
      this.#input.onImage?.();
    });
  }

  #stop(actions: readonly StopContainer[]): Promise<void> {
    const stops = actions.flatMap((action): Stop[] => {
      const container = this.#observed(action.id);
      return container === undefined ? [] : [{ ...action, container, address: this.#addressOf(container) }];
    });
    const stopped = stopContainers(this.#doors, stops);
    this.#input.onStopping?.();
    return stopped;
  }

  #addressOf({ sandboxId }: ObservedContainer): string {
    const sandbox = this.#input.observed.flatMap(({ sandboxes }) => sandboxes).find(({ id }) => id === sandboxId);
    return sandbox?.ips[0] ?? this.#doors.nodeIP ?? '127.0.0.1';
  }

  async #removeFiles(uid: string): Promise<void> {
    const pod = this.#input.observed.find((observed) => observed.pod.uid === uid)?.pod;
    if (pod !== undefined) await removePodFiles(this.#doors, pod);
  }

  #observed(id: string): ObservedContainer | undefined {
    return this.#input.observed.flatMap(({ containers }) => containers).find((container) => container.id === id);
  }

  #context(): PodContext {
    if (this.#input.context === undefined) throw new Error('nothing is started for a pod that is not desired');
    return this.#input.context;
  }

  #place(): Sandbox {
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

function isOfImage({ reason }: StartFailure): boolean {
  return ['ErrImagePull', 'ErrImageNeverPull', 'InvalidImageName'].includes(reason);
}
