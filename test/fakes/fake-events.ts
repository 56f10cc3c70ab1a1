/** A hand-driven AsyncIterable: what is pushed comes out, for every reader that listens at that time. */
export class FakeEvents<T> {
  readonly #readers = new Set<(item: T) => void>();

  push(item: T): void {
    for (const reader of this.#readers) reader(item);
  }

  async *read(signal: AbortSignal): AsyncGenerator<T> {
    const waiting: T[] = [];
    let wake = () => {};
    const reader = (item: T) => {
      waiting.push(item);
      wake();
    };
    this.#readers.add(reader);
    try {
      while (!signal.aborted) {
        const item = waiting.shift();
        if (item !== undefined) {
          yield item;
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = () => {
            signal.removeEventListener('abort', wake);
            resolve();
          };
          signal.addEventListener('abort', wake, { once: true });
        });
      }
    } finally {
      this.#readers.delete(reader);
    }
  }
}
