import type { PodOver, RestartAfterStop } from './facts.ts';

/** One thing to do to a pod, and why. Carried out in this order by apply.ts, which decides nothing. */
export type PodAction =
  | { readonly do: 'pull-image'; readonly container: string; readonly because: string }
  | { readonly do: 'create-sandbox'; readonly attempt: number; readonly because: string }
  | StartContainer
  | StopContainer
  | { readonly do: 'remove-container'; readonly id: string; readonly name: string; readonly because: string }
  | { readonly do: 'stop-sandbox'; readonly id: string; readonly because: string }
  | { readonly do: 'remove-sandbox'; readonly id: string; readonly because: string }
  /** Removes what the pod left on disk: its directories and logs. */
  | { readonly do: 'remove-pod-files'; readonly uid: string; readonly because: string };

export type StartContainer = {
  readonly do: 'start-container';
  readonly container: string;
  readonly attempt: number;
  /** Restarts after crashes in a row, for the next back-off. */
  readonly crashes: number;
  /** How often all containers were restarted together in this sandbox (annotation `round`); absent: never. */
  readonly round?: number;
  /** Absent: the sandbox that was created just before. */
  readonly sandboxId?: string;
  readonly because: string;
};

export type StopContainer = {
  readonly do: 'stop-container';
  readonly id: string;
  readonly name: string;
  readonly graceSeconds: number;
  /** Equal numbers are stopped at the same time, lower ones first. */
  readonly order: number;
  /** To be remembered until the container's record is gone (PodFacts.restartAfterStop); absent: nothing to remember. */
  readonly restart?: RestartAfterStop;
  readonly because: string;
};

/**
 * `recheckAfterMs`: look again then, even if nothing happens. `waiting`: what the pod waits for, for people. `over`: the
 * pod has come to its end, to be remembered until it is removed.
 */
export type PodPlan = {
  readonly actions: readonly PodAction[];
  readonly recheckAfterMs?: number;
  readonly waiting?: string;
  readonly over?: PodOver;
};
