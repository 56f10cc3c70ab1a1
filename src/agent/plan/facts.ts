import type { Container } from '../../kube/types.ts';

/** What the probes of one running container have come to. */
export type ProbeResults = {
  readonly startup: 'unknown' | 'success' | 'failure';
  readonly liveness: 'success' | 'failure';
  readonly readiness: 'success' | 'failure';
  /** Why the last failing probe failed. */
  readonly message?: string;
};

/**
 * Whether an image is at hand. `pulling`: it is being fetched, a look follows when that ends; `back-off`: the last attempt
 * failed with `code` (a waiting reason of the kubelet's, ImagePullBackOff when absent), the next is at `retryAtMs`.
 */
export type ImageFact =
  | { readonly state: 'present' | 'missing' }
  | { readonly state: 'pulling'; readonly message: string }
  | { readonly state: 'back-off'; readonly retryAtMs: number; readonly reason: string; readonly code?: string };

/**
 * What follows a stop of ours: the container is started again whatever its exit code says, `at-once` (the stop was no
 * fault of its own) or with the `back-off` of a crash. Absent: as its restart policy says.
 */
export type RestartAfterStop = 'at-once' | 'back-off';

/** How a pod ended for good. `reason` and `message` only where its containers do not tell. */
export type PodOver = { readonly phase: 'Succeeded' | 'Failed'; readonly reason?: string; readonly message?: string };

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
  /** Why the node does not admit the pod now (port in use, no memory, node selector). Asked before a sandbox is made only. */
  readonly admissionRefusals?: readonly string[];
  /** Why the pod, which is not on the host network, gets no network now. Asked before a sandbox is made only. */
  readonly networkProblem?: string | undefined;
  readonly maxRestartPeriodMs: number;
  /** When this pod (this UID and hash) was first taken on, over all restarts of the agent; absent: its oldest sandbox. */
  readonly podStartMs?: number;
  /** Whether a stop of this container was begun, perhaps by an agent before this one, and has not ended: it is finished. */
  readonly stopping?: (containerId: string) => boolean;
  /** Why that stop was begun, where it was asked for. */
  readonly stopReason?: (containerId: string) => string | undefined;
  /** `StopContainer.restart` of the last stop of this container, as long as its record is there. */
  readonly restartAfterStop?: (containerId: string) => RestartAfterStop | undefined;
  /** How long ago a container ended, by a clock that nobody sets (end-notes.ts); absent: only its own finishedAt tells. */
  readonly endedAgoMs?: (containerId: string) => number | undefined;
  /** `PodPlan.over` of an earlier look at this pod (this UID and hash): it stays over though its records are removed. */
  readonly over?: PodOver;
  /** UID of an instance that is left alone, desired or not, and that the desired one need not wait for (claims/claim.ts). */
  readonly keptUid?: string | undefined;
  /** Why a pod of another owner has to run on for now, and ours with it to wait (takeover/plan-takeover.ts). */
  readonly notYet?: string;
  /** What is left of another owner's pod is kept for now. */
  readonly keepsForeign?: boolean;
  /** The former runtime that the pod stays in for now (claims/claim.ts); absent: it belongs in the agent's own. */
  readonly former?: string | undefined;
};
