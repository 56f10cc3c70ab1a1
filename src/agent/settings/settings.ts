import type { Taint } from '../../kube/node-types.ts';
import type { Labels } from '../../kube/types.ts';
import type { StartAfterRule } from './configuration.ts';

/** How an agent runs, everything decided: flags over file over defaults. */
export type AgentSettings = {
  readonly nodeName: string;
  readonly nodeIPs: readonly string[];
  /** What a pod's node selector is compared with, beside the labels that every node has. */
  readonly nodeLabels: Labels;
  /** Directory of manifests, or one manifest; undefined: no static pods from files. */
  readonly staticPodPath: string | undefined;
  /** Where further manifests are fetched from, every `httpCheckFrequencyMs`, with these headers. */
  readonly manifestURL: string | undefined;
  readonly manifestURLHeaders: Readonly<Record<string, readonly string[]>>;
  /** Credentials for an API server, which static pods do without. */
  readonly kubeconfig: string | undefined;
  /** How to get the first ones, while `kubeconfig` is not there. */
  readonly bootstrapKubeconfig: string | undefined;
  /** Whether a Node that is not there is made, and with which taints. */
  readonly registerNode: boolean;
  readonly registerWithTaints: readonly Taint[];
  /** Where certificates of the agent's own are kept; undefined: in `pki` of the kubelet's directory. */
  readonly certDirectory: string | undefined;
  /** Whether the cluster renews the client certificate, and whether it signs that of the kubelet's API. */
  readonly rotateCertificates: boolean;
  readonly serverTLSBootstrap: boolean;
  /** Certificate and key of the kubelet's API, from files of the user. */
  readonly tlsCertFile: string | undefined;
  readonly tlsPrivateKeyFile: string | undefined;
  readonly runtime: { readonly type: 'auto' | 'docker' | 'cri' | 'process'; readonly endpoint: string | undefined };
  readonly imageArchives: readonly string[];
  readonly podInfraContainerImage: string;
  /** Of `/healthz` alone; port 0 = not served. */
  readonly healthzAddress: string;
  readonly healthzPort: number;
  /** Of `/pods`, `/metrics` and `/healthz`, open to whoever can reach it; port 0 = not served. */
  readonly address: string;
  readonly readOnlyPort: number;
  /** Of the kubelet's API, which is served where there is a kubeconfig; port 0 = not served. */
  readonly kubeletPort: number;
  /** Authorities whose certificates name who asks the kubelet's API; undefined: only tokens do. */
  readonly clientCAFile: string | undefined;
  readonly fileCheckFrequencyMs: number;
  readonly httpCheckFrequencyMs: number;
  readonly startAfter: readonly StartAfterRule[];
  readonly maxContainerRestartPeriodMs: number;
  readonly containerLogMaxBytes: number;
  readonly containerLogMaxFiles: number;
  readonly seccompDefault: boolean;
  readonly allowedUnsafeSysctls: readonly string[];
  readonly maxPods: number;
  /** -1 = no limit. */
  readonly podPidsLimit: number;
  /** Whether CPU limits are enforced. */
  readonly cpuCfsQuota: boolean;
  /** How many images are fetched at the same time. */
  readonly maxParallelImagePulls: number;
  /** What pods resolve names with; `resolvConf` is a file, '' = none. */
  readonly dns: { readonly clusterDNS: readonly string[]; readonly clusterDomain: string; readonly resolvConf: string };
};

/**
 * The kubelet's defaults (pkg/kubelet/apis/config/v1beta1/defaults.go), but for pulls, which the kubelet does one at a
 * time; the pause image as kubeadm's constants.
 */
export const defaultSettings: Omit<AgentSettings, 'nodeName' | 'nodeIPs'> = {
  nodeLabels: {},
  staticPodPath: undefined,
  manifestURL: undefined,
  manifestURLHeaders: {},
  kubeconfig: undefined,
  bootstrapKubeconfig: undefined,
  registerNode: true,
  registerWithTaints: [],
  certDirectory: undefined,
  rotateCertificates: false,
  serverTLSBootstrap: false,
  tlsCertFile: undefined,
  tlsPrivateKeyFile: undefined,
  runtime: { type: 'auto', endpoint: undefined },
  imageArchives: [],
  podInfraContainerImage: 'registry.k8s.io/pause:3.10.2',
  healthzAddress: '127.0.0.1',
  healthzPort: 10_248,
  address: '0.0.0.0',
  readOnlyPort: 0,
  kubeletPort: 10_250,
  clientCAFile: undefined,
  fileCheckFrequencyMs: 20_000,
  httpCheckFrequencyMs: 20_000,
  startAfter: [],
  maxContainerRestartPeriodMs: 300_000,
  containerLogMaxBytes: 10 * 1024 * 1024,
  containerLogMaxFiles: 5,
  seccompDefault: false,
  allowedUnsafeSysctls: [],
  maxPods: 110,
  podPidsLimit: -1,
  cpuCfsQuota: true,
  maxParallelImagePulls: 5,
  dns: { clusterDNS: [], clusterDomain: '', resolvConf: '/etc/resolv.conf' },
};

/** Some of the settings, as one flag or one file says them. */
export type SettingsPart = Partial<Omit<AgentSettings, 'dns'>> & { readonly dns?: Partial<AgentSettings['dns']> };

/** The first overridden by the later ones; of `dns` only the members that are said. */
export function mergeParts(...parts: readonly SettingsPart[]): SettingsPart {
  const given = parts.flatMap(({ dns }) => dns ?? []);
  return { ...Object.assign({}, ...parts), ...(given.length === 0 ? {} : { dns: Object.assign({}, ...given) }) };
}
