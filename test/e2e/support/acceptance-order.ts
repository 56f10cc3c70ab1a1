import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Entry = { readonly atMs: number; readonly event: string };

/** What the containers of a pod wrote into its order log, such as `main Starting`, in order. */
export class OrderLog {
  readonly #entries: readonly Entry[];

  constructor(directory: string) {
    this.#entries = linesOf(join(directory, 'order.log')).map((line) => {
      const [seconds = '', ...words] = line.split(' ');
      return { atMs: Math.round(Number(seconds) * 1000), event: words.join(' ') };
    });
  }

  count(event: string): number {
    return this.#entries.filter((entry) => entry.event === event).length;
  }

  /** The events happened in this order; others may lie between. */
  assertOrder(...events: readonly string[]): void {
    let from = 0;
    for (const event of events) {
      const index = this.#entries.findIndex((entry, at) => at >= from && entry.event === event);
      assert.notEqual(index, -1, `no "${event}" where it belongs in ${events.join(' < ')}\n${this.text()}`);
      from = index + 1;
    }
  }

  assertCount(event: string, count: number): void {
    assert.equal(this.count(event), count, `"${event}" is not there ${count} times\n${this.text()}`);
  }

  assertNever(...events: readonly string[]): void {
    for (const event of events) this.assertCount(event, 0);
  }

  /** When it first happened, in milliseconds since boot. */
  at(event: string): number {
    const found = this.#entries.find((entry) => entry.event === event);
    assert.ok(found, `no "${event}"\n${this.text()}`);
    return found.atMs;
  }

  /** All its times, in milliseconds since boot. */
  times(event: string): readonly number[] {
    return this.#entries.filter((entry) => entry.event === event).map(({ atMs }) => atMs);
  }

  /** The last time of the event less the first of the other, in milliseconds. */
  between(first: string, last: string): number {
    const found = this.#entries.findLast((entry) => entry.event === last);
    assert.ok(found, `no "${last}"\n${this.text()}`);
    return found.atMs - this.at(first);
  }

  text(): string {
    return this.#entries.map(({ atMs, event }) => `${(atMs / 1000).toFixed(2)} ${event}`).join('\n');
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}
