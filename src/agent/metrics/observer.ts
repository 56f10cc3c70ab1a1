import type { AgentPod } from '../../kube/agent-socket.ts';

/** One look at one pod, over. */
export type Turn = {
  /** `namespace/name`. */
  readonly key: string;
  readonly operation: 'create' | 'sync' | 'terminate';
  readonly durationMs: number;
  /** Whether something was done to the pod. */
  readonly acted: boolean;
  readonly error?: string | undefined;
  /** The pod after it; undefined when nothing of it is left. */
  readonly pod?: AgentPod | undefined;
};

/** One probe, over; `unknown`: it could not be carried out, which counts for nothing. */
export type ProbeRun = {
  /** `namespace/name`. */
  readonly podKey: string;
  readonly podUid: string;
  readonly container: string;
  readonly kind: 'startup' | 'liveness' | 'readiness';
  readonly result: 'successful' | 'failed' | 'unknown';
  readonly durationMs: number;
};

/** What somebody who looks at a pod wants to hear, with the kubelet's reasons (pkg/kubelet/events/event.go). */
export type PodEvent = {
  /** The static pod; `uid` is the hash of its manifest, which the mirror pod carries too. */
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** `spec.containers{app}`; absent: it is about the whole pod. */
  readonly fieldPath?: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
};

/** Is told what the agent does, for metrics, mirror pods and events; has no influence on it. */
export type AgentObserver = {
  turned(turn: Turn): void;
  probed(probe: ProbeRun): void;
  event?(event: PodEvent): void;
  /** A pod (`namespace/name`) may look different now, though no turn of it is over. */
  changed?(key: string): void;
};
