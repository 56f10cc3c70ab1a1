/** Processor time that something has used up to a moment. */
export type CpuReading = { readonly id: string; readonly atMs: number; readonly cpuNanoseconds: number };

/** Readings nearer to each other than this say little: the machine counts in ticks of 10 ms. */
const leastMs = 1000;

/**
 * How much of a processor is used, in billionths, from one look to a later one: the kubelet measures all the time, we
 * only when somebody asks, so the first to ask is told nothing.
 */
export class NanoCores {
  #before = new Map<string, CpuReading>();
  #told = new Map<string, number>();

  /** By ID; without those that were never looked at before, or have begun anew. */
  of(readings: readonly CpuReading[]): ReadonlyMap<string, number> {
    const told = new Map<string, number>();
    const before = new Map<string, CpuReading>();
    for (const reading of readings) {
      const { id } = reading;
      const last = this.#before.get(id);
      const tooSoon = last !== undefined && reading.atMs - last.atMs < leastMs;
      const rate = last === undefined ? undefined : tooSoon ? this.#told.get(id) : rateOf(last, reading);
      if (rate !== undefined) told.set(id, rate);
      before.set(id, tooSoon ? last : reading);
    }
    this.#before = before;
    this.#told = told;
    return told;
  }
}

function rateOf(last: CpuReading, now: CpuReading): number | undefined {
  const used = now.cpuNanoseconds - last.cpuNanoseconds;
  return used < 0 ? undefined : Math.round((used * 1000) / (now.atMs - last.atMs));
}
