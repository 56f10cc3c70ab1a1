import type { Clock } from '../../base/clock.ts';

/** Longer than one call to a busy engine usually takes: a burst that goes on is not to pay for it. */
const quietMs = 10_000;

export type QuietCollector = { busy(): void; end(): void };

/**
 * Collects garbage when the agent has been quiet for ten seconds after it was busy: what a start or a burst of pods
 * left behind is given back, and an agent that idles never pauses for it. `stir` is called when it becomes busy.
 */
export function collectWhenQuiet(clock: Clock, collect: () => void, stir: () => void = () => {}): QuietCollector {
  let busyAtMs = 0;
  let cancel: (() => void) | undefined;
  const look = () => {
    const leftMs = quietMs - (clock.now() - busyAtMs);
    // A clock that was set back must not put it off for ever.
    cancel = leftMs > 0 && leftMs <= quietMs ? clock.after(leftMs, look) : undefined;
    if (cancel === undefined) collect();
  };
  return {
    busy: () => {
      busyAtMs = clock.now();
      if (cancel === undefined) stir();
      cancel ??= clock.after(quietMs, look);
    },
    end: () => cancel?.(),
  };
}
