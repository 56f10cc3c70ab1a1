export type Random = {
  chance(probability: number): boolean;
  below(limit: number): number;
  oneOf<T>(...values: readonly [T, ...T[]]): T;
};

/** Numbers that look random and are the same in every run (mulberry32). */
export function randomOf(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    chance: (probability) => next() < probability,
    below: (limit) => Math.floor(next() * limit),
    oneOf: (...values) => values[Math.floor(next() * values.length)] ?? values[0],
  };
}
