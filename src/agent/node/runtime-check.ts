import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { ContainerRuntime, RuntimeVersion } from '../../runtime/runtime.ts';

/** The kubelet gives a runtime that long (pkg/kubelet/runtime.go maxWaitForContainerRuntime). */
const allowedMs = 30_000;
/** A runtime that hangs delays the Node's status no longer than that. */
const patienceMs = 2_000;

/** Asks the runtime for its version now and then, which tells whether it is up. */
export class RuntimeCheck {
  readonly #runtime: Pick<ContainerRuntime, 'version'>;
  readonly #clock: Clock;
  #version: RuntimeVersion | undefined;
  #answeredTicks: number;
  #error: string | undefined;
  #pending: Promise<void> | undefined;

  constructor(runtime: Pick<ContainerRuntime, 'version'>, clock: Clock) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#answeredTicks = clock.ticks();
  }

  /** Its last known version, and why it counts as down. */
  async look(): Promise<{ readonly version: RuntimeVersion | undefined; readonly problem: string | undefined }> {
    this.#pending ??= this.#ask().finally(() => {
      this.#pending = undefined;
    });
    const over = new AbortController();
    await Promise.race([this.#pending, sleep(this.#clock, patienceMs, over.signal)]);
    over.abort();
    const silentMs = this.#clock.ticks() - this.#answeredTicks;
    const down = silentMs > allowedMs ? `container runtime is down: ${this.#error ?? 'it does not answer'}` : undefined;
    return { version: this.#version, problem: down };
  }

  async #ask(): Promise<void> {
    try {
      this.#version = await this.#runtime.version();
      this.#answeredTicks = this.#clock.ticks();
      this.#error = undefined;
    } catch (thrown) {
      this.#error = messageOf(thrown);
    }
  }
}
