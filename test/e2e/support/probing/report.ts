/** One request that did not get what it asked for. */
export type ProbeFailure = {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** `refused`, `reset`, `eof`, `timeout`, `http 503` … */
  readonly kind: string;
  readonly what: string;
};

export type ClientReport = {
  readonly requests: number;
  readonly failed: number;
  readonly longestMs: number;
  readonly failures: readonly ProbeFailure[];
};

export type ProbeClient = 'connections' | 'keepAlive' | 'http2' | 'writer' | 'watcher';

export type ProbeReport = {
  readonly seconds: number;
  readonly clients: Readonly<Record<ProbeClient, ClientReport>>;
  readonly readyz: {
    readonly asked: number;
    /** The time of all answers but 200, each up to the next question. */
    readonly notReadyMs: number;
    /** From the first bad answer after a good one to the next good one. */
    readonly longestNotReadyMs: number;
    /** How often each came: `200`, `500 shutdown`, `refused`. */
    readonly answers: Readonly<Record<string, number>>;
  };
  /** What the watcher saw of what the writer was told that it had written. */
  readonly events: {
    readonly seen: number;
    readonly missed: number;
    readonly doubled: number;
    /** Watches begun again from the last resourceVersion. */
    readonly resumed: number;
    /** Lists, as the last resourceVersion was gone. */
    readonly relisted: number;
  };
  readonly writes: { readonly acknowledged: number; readonly lost: readonly string[] };
  /** How each `kubectl get --watch` ended. */
  readonly kubectlWatch: readonly { readonly code: number; readonly stderr: string }[];
};

export type ProbeOptions = {
  readonly kubeconfig: string;
  /** Default: what the kubeconfig says. */
  readonly server?: string;
};

export type ProbeRequest =
  | { readonly do: 'start'; readonly options: ProbeOptions }
  | { readonly do: 'report' | 'stop' };

export type ProbeAnswer =
  | { readonly did: 'start' }
  | { readonly did: 'report' | 'stop'; readonly report: ProbeReport }
  | { readonly did: 'fail'; readonly reason: string };
