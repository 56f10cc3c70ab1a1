/** As the kubelet's health check of its loop, which stands still while the runtime does not answer (pkg/kubelet/kubelet.go). */
const allowedMs = 5 * 60_000;

/** Whether the container runtime still answers: seen from the calls that are made anyway, at least one a minute. */
export class RuntimeHealth {
  #lastAnswerMs: number;
  readonly #pending = new Map<symbol, number>();
  #failing = false;
  #onAnswer: (() => void) | undefined;

  /** `onAnswer` is called when it answers for the first time. */
  constructor(nowMs: number, onAnswer?: () => void) {
    this.#lastAnswerMs = nowMs;
    this.#onAnswer = onAnswer;
  }

  begin(nowMs: number): symbol {
    const call = Symbol('call');
    this.#pending.set(call, nowMs);
    return call;
  }

  answered(call: symbol, nowMs: number): void {
    this.#pending.delete(call);
    this.#failing = false;
    this.#lastAnswerMs = nowMs;
    this.#onAnswer?.();
    this.#onAnswer = undefined;
  }

  /** Also an error may be an answer; only what stays without success for long counts. */
  failed(call: symbol): void {
    this.#pending.delete(call);
    this.#failing = true;
  }

  /** What is wrong, undefined when all is well. */
  problem(nowMs: number): string | undefined {
    const silentMs = nowMs - this.#lastAnswerMs;
    if (silentMs <= allowedMs) return undefined;
    const hanging = [...this.#pending.values()].some((sinceMs) => nowMs - sinceMs > allowedMs);
    if (!this.#failing && !hanging) return undefined;
    return `the container runtime has not answered for ${Math.round(silentMs / 1000)} s`;
  }
}
