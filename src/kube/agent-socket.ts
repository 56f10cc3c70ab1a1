import type { Pod } from './types.ts';

/** `GET /status` on agent.sock: what the agent knows and why; the CLI's view. All times are RFC 3339. */
export type AgentStatus = {
  readonly pid: number;
  readonly version: string;
  readonly startedAt: string;
  readonly nodeName: string;
  readonly runtime: { readonly type: string; readonly name: string; readonly version: string; readonly error?: string };
  readonly manifestDirectory?: string;
  /** Desired pods and those still going, with true status, as in `GET /pods` (a v1 PodList). */
  readonly pods: readonly AgentPod[];
  /** Files of the manifest directory that are not run as they are. */
  readonly rejected: readonly RejectedManifest[];
  /** What does not work beside the pods, in words: a port that is taken, a kubeconfig that is not there. */
  readonly problems?: readonly string[];
};

export type AgentPod = {
  readonly pod: Pod;
  /** The manifest file it comes from; absent for one that is only still being stopped. */
  readonly file?: string;
  /** What the agent does now or waits for, for people: `pulling image …`, `back-off 10s`, `stopping (grace 30 s)`. */
  readonly doing?: string;
  /** The last action that failed and is tried again. */
  readonly lastError?: string;
};

export type RejectedManifest = {
  readonly file: string;
  readonly reason: string;
  /** Whether the last valid form still runs. */
  readonly lastGoodRuns: boolean;
};

/** Paths served on agent.sock: GET /healthz, /status, /pods, /metrics; POST /look (rescan now), /stop (agent ends, pods stay). */
export const agentPaths = {
  healthz: '/healthz',
  status: '/status',
  pods: '/pods',
  metrics: '/metrics',
  look: '/look',
  stop: '/stop',
} as const;
