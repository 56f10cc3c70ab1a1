import type { StartAfterRule } from './configuration.ts';

/** How an agent runs, everything decided: flags over file over defaults. */
export type AgentSettings = {
  readonly nodeName: string;
  readonly nodeIPs: readonly string[];
  /** Directory of manifests, or one manifest; undefined: no static pods, only clearing away. */
  readonly staticPodPath: string | undefined;
  readonly runtime: { readonly type: 'auto' | 'docker' | 'cri' | 'process'; readonly endpoint: string | undefined };
  readonly imageArchives: readonly string[];
  readonly podInfraContainerImage: string;
  /** Port 0 = not served. */
  readonly healthz: { readonly address: string; readonly port: number };
  readonly fileCheckFrequencyMs: number;
  readonly startAfter: readonly StartAfterRule[];
  readonly maxContainerRestartPeriodMs: number;
  readonly containerLogMaxBytes: number;
  readonly containerLogMaxFiles: number;
  readonly seccompDefault: boolean;
};

/** The kubelet's defaults (pkg/kubelet/apis/config/v1beta1/defaults.go); the pause image as kubeadm's constants. */
export const defaultSettings: Omit<AgentSettings, 'nodeName' | 'nodeIPs' | 'staticPodPath'> = {
  runtime: { type: 'auto', endpoint: undefined },
  imageArchives: [],
  podInfraContainerImage: 'registry.k8s.io/pause:3.10.2',
  healthz: { address: '127.0.0.1', port: 10248 },
  fileCheckFrequencyMs: 20_000,
  startAfter: [],
  maxContainerRestartPeriodMs: 300_000,
  containerLogMaxBytes: 10 * 1024 * 1024,
  containerLogMaxFiles: 5,
  seccompDefault: false,
};
