import type { AgentObserver } from './observer.ts';

/** Tells all of them that are there, in this order. */
export function combineObservers(...all: readonly (AgentObserver | undefined)[]): AgentObserver {
  const observers = all.filter((observer) => observer !== undefined);
  return {
    turned: (turn) => {
      for (const observer of observers) observer.turned(turn);
    },
    probed: (probe) => {
      for (const observer of observers) observer.probed(probe);
    },
    event: (event) => {
      for (const observer of observers) observer.event?.(event);
    },
    changed: (key) => {
      for (const observer of observers) observer.changed?.(key);
    },
  };
}
