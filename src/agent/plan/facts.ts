import type { Container } from '../../kube/types.ts';

/** What the probes of one running container have come to. */
export type ProbeResults = {
  readonly startup: 'unknown' | 'success' | 'failure';
  readonly liveness: 'success' | 'failure';
  readonly readiness: 'success' | 'failure';
  /** Why the last failing probe failed. */
  readonly message?: string;
};

/** Whether an image is at hand; `back-off`: the last attempt to get it failed, the next is at `retryAtMs`. */
export type ImageFact =
  | { readonly state: 'present' | 'missing' }
  | { readonly state: 'back-off'; readonly retryAtMs: number; readonly reason: string };

/** All that planPod needs to know beside the desired and the observed pod. */
export type PodFacts = {
  readonly nowMs: number;
  probes(containerId: string): ProbeResults | undefined;
  image(container: Container): ImageFact;
  /** The highest attempt that left a log, for containers whose record is gone. */
  loggedAttempt(container: string): number | undefined;
  /** Why the pod's containers must not be started yet. */
  readonly heldBack?: string;
  /** Why this runtime cannot run the pod; empty when it can. */
  readonly refusals: readonly string[];
  readonly maxRestartPeriodMs: number;
};
