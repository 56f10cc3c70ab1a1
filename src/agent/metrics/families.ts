import type { Labels } from '../../kube/types.ts';
import { type Family, labelKey, matches, type Sample } from './registry.ts';

/** What only grows, by its labels. */
export class Counter implements Family {
  readonly type = 'counter';
  readonly name: string;
  readonly help: string;
  readonly #values = new Map<string, { readonly labels: Labels; value: number }>();

  constructor(name: string, help: string) {
    this.name = name;
    this.help = help;
  }

  add(labels: Labels = {}, by = 1): void {
    const key = labelKey(labels);
    const entry = this.#values.get(key) ?? { labels, value: 0 };
    entry.value += by;
    this.#values.set(key, entry);
  }

  /** Forgets the series with these labels, so that what comes and goes does not pile up. */
  forget(asked: Labels): void {
    for (const [key, { labels }] of this.#values) if (matches(labels, asked)) this.#values.delete(key);
  }

  samples(): readonly Sample[] {
    return [...this.#values.values()].map(({ labels, value }) => ({ name: this.name, labels, value }));
  }
}

/** What is so at the moment of asking. */
export function gauge(
  name: string,
  help: string,
  collect: () => readonly { readonly labels?: Labels; readonly value: number }[],
): Family {
  return {
    name,
    help,
    type: 'gauge',
    samples: () => collect().map(({ labels = {}, value }) => ({ name, labels, value })),
  };
}

type Distribution = { readonly labels: Labels; readonly counts: number[]; sum: number; count: number };

/** How long things take, in seconds, by their labels. */
export class Histogram implements Family {
  readonly type = 'histogram';
  readonly name: string;
  readonly help: string;
  readonly #buckets: readonly number[];
  readonly #values = new Map<string, Distribution>();

  constructor(name: string, help: string, buckets: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#buckets = buckets;
  }

  /** A clock that was set back makes no negative time. */
  observe(labels: Labels, measured: number): void {
    const seconds = Math.max(0, measured);
    const key = labelKey(labels);
    const entry = this.#values.get(key) ?? { labels, counts: this.#buckets.map(() => 0), sum: 0, count: 0 };
    this.#values.set(key, entry);
    entry.sum += seconds;
    entry.count += 1;
    // Each bucket holds all that is not above its bound.
    for (const [index, bound] of this.#buckets.entries()) {
      if (seconds <= bound) entry.counts[index] = (entry.counts[index] ?? 0) + 1;
    }
  }

  forget(asked: Labels): void {
    for (const [key, { labels }] of this.#values) if (matches(labels, asked)) this.#values.delete(key);
  }

  samples(): readonly Sample[] {
    return [...this.#values.values()].flatMap((entry) => this.#samplesOf(entry));
  }

  #samplesOf({ labels, counts, sum, count }: Distribution): readonly Sample[] {
    const bucket = (bound: string, value: number) => ({
      name: `${this.name}_bucket`,
      labels: { ...labels, le: bound },
      value,
    });
    return [
      ...this.#buckets.map((bound, index) => bucket(String(bound), counts[index] ?? 0)),
      bucket('+Inf', count),
      { name: `${this.name}_sum`, labels, value: sum },
      { name: `${this.name}_count`, labels, value: count },
    ];
  }
}
