/**
 * One turn per key at a time, keys in parallel. Any number of requests during a turn make exactly one more turn after
 * it (kubelet pod_workers.go, 2015: newest wins).
 */
export class KeyedQueue {
  readonly #turn: (key: string) => Promise<void>;
  readonly #running = new Map<string, { again: boolean; readonly done: Promise<void> }>();

  /** `turn` must not reject: what fails is its own business, such as asking for a later look. */
  constructor(turn: (key: string) => Promise<void>) {
    this.#turn = turn;
  }

  /** Asks for a turn; returns at once. */
  request(key: string): void {
    const running = this.#running.get(key);
    if (running !== undefined) {
      running.again = true;
      return;
    }
    const state = { again: false, done: Promise.resolve() };
    this.#running.set(key, state);
    state.done = this.#run(key, state);
  }

  /** Resolves when no turn runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map((state) => state.done));
  }

  async #run(key: string, state: { again: boolean }): Promise<void> {
    await Promise.resolve();
    do {
      state.again = false;
      await this.#turn(key);
    } while (state.again);
    this.#running.delete(key);
  }
}
