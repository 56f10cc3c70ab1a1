import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ContainerRuntime, NetworkState } from '../../runtime/runtime.ts';

/** Pods that start together share an answer. */
const answerHoldsMs = 250;

/** What stands in an event and in the status of a pod that waits for its network (pkg/kubelet/pod_workers.go, runtime.go). */
const notReady = 'network is not ready: container runtime network not ready';

/** Knows whether the runtime can give pods a network of their own; asks it only when somebody wants to know. */
export class NetworkCheck {
  readonly #runtime: Pick<ContainerRuntime, 'network'>;
  readonly #clock: Clock;
  readonly #log: Log;
  #pending: Promise<void> | undefined;
  #answeredTicks = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;

  constructor({
    runtime,
    clock,
    log,
  }: { readonly runtime: Pick<ContainerRuntime, 'network'>; clock: Clock; log: Log }) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#log = log;
  }

  /** Why there is no network for pods now, undefined when there is: what was found last. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The same, asked now. A runtime that does not answer says nothing of its network: what is tried then tells. */
  async look(): Promise<string | undefined> {
    if (this.#clock.ticks() - this.#answeredTicks <= answerHoldsMs) return this.#problem;
    this.#pending ??= this.#ask().finally(() => {
      this.#pending = undefined;
    });
    await this.#pending;
    return this.#problem;
  }

  async #ask(): Promise<void> {
    const before = this.#problem;
    this.#problem = await this.#runtime.network().then(problemOf, () => undefined);
    this.#answeredTicks = this.#clock.ticks();
    if (this.#problem === before) return;
    if (this.#problem === undefined) this.#log.info('the container runtime has a network for pods now');
    else this.#log.warn(`${this.#problem}; pods on the host network need none`);
  }
}

function problemOf({ problem, configDirectory }: NetworkState): string | undefined {
  if (problem === undefined) return undefined;
  const where = configDirectory === undefined ? '' : `; its CNI configuration is looked for in ${configDirectory}`;
  return `${notReady}: ${problem}${where}`;
}
