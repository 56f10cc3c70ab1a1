/** How long to wait before each further try; milliseconds. */
export type BackOff = {
  /** The next wait: doubled each time up to the longest, and between half and all of that by chance. */
  next(): number;
  /** It worked: the first wait comes again. */
  reset(): void;
};

/** Waits that grow from `firstMs` to `maxMs`; by chance shorter, so that many who failed at once do not come back at once. */
export function backOff(options: {
  readonly firstMs: number;
  readonly maxMs: number;
  /** From 0 up to 1. */
  readonly random?: () => number;
}): BackOff {
  const { firstMs, maxMs, random = Math.random } = options;
  let tries = 0;
  return {
    next: () => {
      const wholeMs = Math.min(firstMs * 2 ** Math.min(tries, 30), maxMs);
      tries += 1;
      return wholeMs * (0.5 + random() / 2);
    },
    reset: () => {
      tries = 0;
    },
  };
}
