import type { Clock } from '../../base/clock.ts';
import type { Host, ProcessIdentity } from '../../host/host.ts';
import { isAlive } from '../../host/is-alive.ts';

const lookEveryMs = 500;

/**
 * Programs whose helper was killed: nobody writes a file when they end, so their pids are looked at twice a second, and
 * only while there are any.
 */
export class Orphans {
  readonly #host: Pick<Host, 'identify'>;
  readonly #clock: Clock;
  readonly #onEnd: (id: string) => void;
  readonly #programs = new Map<string, ProcessIdentity>();
  #cancel: (() => void) | undefined;

  constructor(host: Pick<Host, 'identify'>, clock: Clock, onEnd: (id: string) => void) {
    this.#host = host;
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  /** Looks after one; true when it was not known before. */
  add(id: string, program: ProcessIdentity): boolean {
    if (this.#programs.has(id)) return false;
    this.#programs.set(id, program);
    this.#cancel ??= this.#clock.after(lookEveryMs, () => void this.#look());
    return true;
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#programs.clear();
  }

  async #look(): Promise<void> {
    for (const [id, program] of [...this.#programs]) {
      if (await isAlive(this.#host, program)) continue;
      this.#programs.delete(id);
      this.#onEnd(id);
    }
    this.#cancel = this.#programs.size === 0 ? undefined : this.#clock.after(lookEveryMs, () => void this.#look());
  }
}
