/** What the agent's settings say about the resources and sysctls of pods. */
export type PodRules = {
  readonly allowedUnsafeSysctls: readonly string[];
  /** Whether CPU limits are enforced. */
  readonly cpuCfsQuota: boolean;
  /** -1 = no limit. */
  readonly podPidsLimit: number;
};

/** The kubelet's own (pkg/kubelet/apis/config/v1beta1/defaults.go). */
export const defaultPodRules: PodRules = { allowedUnsafeSysctls: [], cpuCfsQuota: true, podPidsLimit: -1 };
