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

/** Is told what the agent does, for the metrics; has no influence on it. */
export type AgentObserver = { turned(turn: Turn): void; probed(probe: ProbeRun): void };
