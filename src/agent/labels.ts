/** What we remember on containers, beside the kubelet's own annotations (runtime/labels.ts). */
export const agentAnnotations = {
  /** How many restarts after crashes came before this start, without 10 minutes of running between them. */
  crashes: 'kube-bootstrap/crashes',
  /** How often the rule RestartAllContainers had restarted all containers of the sandbox when this one was started. */
  round: 'kube-bootstrap/restart-all-round',
  /** Containers of a lower number are stopped before those of a higher one: sidecars after all others, last one first. */
  stopOrder: 'kube-bootstrap/stop-order',
} as const;
