import { basename } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { HostFiles } from '../../host/host.ts';

type Listener = (id: string | undefined) => void;

const reopenDelayMs = 1000;

/**
 * Says which container has ended, as soon as its exit file appears; `undefined` = any may have. One inotify watch for
 * all who listen, none while nobody does.
 */
export class ExitWatch {
  readonly #host: Pick<HostFiles, 'watch' | 'makeDirectory'>;
  readonly #clock: Clock;
  readonly #directory: string;
  readonly #listeners = new Set<Listener>();
  #opening: Promise<void> | undefined;
  #close: (() => void) | undefined;

  constructor(host: Pick<HostFiles, 'watch' | 'makeDirectory'>, clock: Clock, directory: string) {
    this.#host = host;
    this.#clock = clock;
    this.#directory = directory;
  }

  /** Resolves when the watch is on: what ends from then on is told. The function that it gives ends it. */
  async listen(listener: Listener): Promise<() => void> {
    this.#listeners.add(listener);
    this.#opening ??= this.#host.makeDirectory(this.#directory, { mode: 0o700 }).then(() => this.#open());
    await this.#opening;
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#shut();
    };
  }

  /** Tells the listeners of an end that left no file. */
  tell(id: string | undefined): void {
    for (const listener of [...this.#listeners]) listener(id);
  }

  /** Waits for this container's next sign, `waitMs` at most; made before the look that it follows up. */
  async waiter(id: string): Promise<{ next(waitMs: number): Promise<void>; close(): void }> {
    let seen = false;
    let wake = () => {};
    const close = await this.listen((other) => {
      if (other !== undefined && other !== id) return;
      seen = true;
      wake();
    });
    const next = (waitMs: number) =>
      new Promise<void>((resolve) => {
        wake = () => {
          cancel();
          wake = () => {};
          seen = false;
          resolve();
        };
        const cancel = this.#clock.after(waitMs, () => wake());
        if (seen) wake();
      });
    return { next, close };
  }

  #open(): void {
    const again = () => this.#reopen();
    this.#close = this.#host.watch(
      this.#directory,
      (name) => {
        // The directory's own name means that it is gone.
        if (name === basename(this.#directory)) again();
        else if (!name?.startsWith('.')) this.tell(name);
      },
      again,
    );
  }

  #reopen(): void {
    this.#shut();
    this.#clock.after(reopenDelayMs, () => {
      if (this.#listeners.size === 0 || this.#opening !== undefined) return;
      try {
        this.#open();
        this.#opening = Promise.resolve();
        this.tell(undefined);
      } catch {
        // Not there yet; whoever starts a container makes it.
        this.#reopen();
      }
    });
  }

  #shut(): void {
    this.#close?.();
    this.#close = undefined;
    this.#opening = undefined;
  }
}
