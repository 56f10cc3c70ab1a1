import type { Pod } from './types.ts';

/** `GET /status` on agent.sock: what the agent knows and why; the CLI's view. All times are RFC 3339. */
export type AgentStatus = {
  readonly pid: number;
  readonly version: string;
  readonly startedAt: string;
  readonly nodeName: string;
  readonly runtime: {
    readonly type: string;
    readonly name: string;
    readonly version: string;
    readonly error?: string;
    /** Whether pods off the host network get one; told where somebody else than the runtime itself makes it (CNI). */
    readonly network?: { readonly ready: boolean; readonly problem?: string };
  };
  readonly manifestDirectory?: string;
  /** Desired pods and those still going, with true status, as in `GET /pods` (a v1 PodList). */
  readonly pods: readonly AgentPod[];
  /** Files of the manifest directory that are not run as they are. */
  readonly rejected: readonly RejectedManifest[];
  /** What it is at the API server; absent without a kubeconfig. */
  readonly node?: AgentNode;
  /** How the node came up in this boot of the machine. */
  readonly start?: AgentStart;
  /** What does not work beside the pods, in words: a port that is taken, a kubeconfig that is not there. */
  readonly problems?: readonly string[];
};

/** Milliseconds since the boot: the first agent's start, the runtime's first answer, and each pod's first being ready. */
export type AgentStart = {
  /** RFC 3339. */
  readonly bootedAt: string;
  readonly agentMs: number;
  readonly runtimeMs?: number;
  /** `pod`: `namespace/name`. */
  readonly pods: readonly { readonly pod: string; readonly readyMs: number }[];
};

/** A Node that is `registered` takes no pods of the API server: its capacity says `pods: 0`. */
export type AgentNode = {
  readonly registered: boolean;
  /** Whether the Node last said so; absent where there is none. */
  readonly ready?: boolean;
  /** The API server; absent without credentials for it. */
  readonly server?: string;
};

export type AgentPod = {
  readonly pod: Pod;
  /** The manifest file it comes from; absent for one that is only still being stopped. */
  readonly file?: string;
  /** What the agent does now or waits for, for people: `pulling image …`, `back-off 10s`, `stopping (grace 30 s)`. */
  readonly doing?: string;
  /** The last action that failed and is tried again. */
  readonly lastError?: string;
  /** It is not the desired one: a rollout (`pid`) lets it run on beside that one, at most until then (RFC 3339). */
  readonly overlap?: { readonly pid: number; readonly until: string };
};

export type RejectedManifest = {
  readonly file: string;
  readonly reason: string;
  /** Whether the last valid form still runs. */
  readonly lastGoodRuns: boolean;
};

/** The answer to `POST /restart`: the containers that are replaced, as `containerID` names them. */
export type RestartAnswer = { readonly replaced: readonly string[] };

/**
 * Paths served on agent.sock: GET /healthz, /status, /pods, /metrics; POST /look (rescan now), /stop (agent ends, pods stay).
 * For a rollout, each with `?file=` and the manifest's path, 409 with the reason when refused:
 * POST /overlap (also `pid`, `startTicks` of the asking process, `forMs`): what runs now runs on beside what the manifest
 * will say · POST /stay (the same, and `place`): it stays in that runtime though the agent's becomes another ·
 * POST /stop-old: one instance again, where it belongs · POST /restart: the containers are stopped and started again.
 */
export const agentPaths = {
  healthz: '/healthz',
  status: '/status',
  pods: '/pods',
  metrics: '/metrics',
  look: '/look',
  stop: '/stop',
  overlap: '/overlap',
  stay: '/stay',
  stopOld: '/stop-old',
  restart: '/restart',
} as const;
