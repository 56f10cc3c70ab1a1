import type { ObservedPod } from '../runtime/runtime.ts';
import type { KnownPod } from './admission/admissions.ts';
import { newRecord, type PodRecord } from './pod-record.ts';
import type { PodSource } from './source/pod-source.ts';

/** What the agent remembers of its pods, by `namespace/name`. */
export class PodRecords {
  readonly #source: Pick<PodSource, 'get' | 'keys'>;
  readonly #records = new Map<string, PodRecord>();

  constructor(source: Pick<PodSource, 'get' | 'keys'>) {
    this.#source = source;
  }

  /** Every pod that is desired or remembered. */
  keys(): readonly string[] {
    return [...new Set([...this.#source.keys(), ...this.#records.keys()])].sort();
  }

  *known(): Iterable<KnownPod> {
    for (const key of this.keys()) {
      const { observed = [], lastDesired } = this.#records.get(key) ?? {};
      yield { key, desired: this.#source.get(key), lastDesired, observed };
    }
  }

  all(): Iterable<PodRecord> {
    return this.#records.values();
  }

  get(key: string): PodRecord | undefined {
    return this.#records.get(key);
  }

  /** Its record, from now on if there is none yet; `observed`: what a new one begins with. */
  of(key: string, observed: readonly ObservedPod[] = []): PodRecord {
    const record = this.#records.get(key) ?? { ...newRecord(key), observed };
    this.#records.set(key, record);
    return record;
  }

  forget(key: string): void {
    this.#records.delete(key);
  }

  /** Those that are not admitted for now, but for one. */
  refused(than: string): readonly string[] {
    return [...this.#records.values()]
      .filter(({ key, refused }) => refused !== undefined && key !== than)
      .map(({ key }) => key);
  }
}
