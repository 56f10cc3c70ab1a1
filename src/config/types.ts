/**
 * The configuration after decoding, defaulting and flags: every member is there, nothing is left to look up.
 * Names as in kubeadm.k8s.io/v1beta4; durations are milliseconds with the unit in the name.
 */
export type Config = {
  readonly init: InitConfiguration;
  readonly cluster: ClusterConfiguration;
  readonly bootstrap: BootstrapConfiguration;
  readonly reset: ResetConfiguration;
  /** The documents of these kinds as given, checked by name and type; they go into ConfigMaps (a later phase). */
  readonly kubelet: Readonly<Record<string, unknown>> | undefined;
  readonly kubeProxy: Readonly<Record<string, unknown>> | undefined;
  /** What could not be decided well, such as a loopback advertise address; shown once. */
  readonly warnings: readonly string[];
};

export type NameValue = { readonly name: string; readonly value: string };

export type InitConfiguration = {
  readonly bootstrapTokens: readonly BootstrapToken[];
  readonly nodeRegistration: NodeRegistration;
  readonly localAPIEndpoint: { readonly advertiseAddress: string; readonly bindPort: number };
  readonly certificateKey: string | undefined;
  readonly skipPhases: readonly string[];
  readonly patchesDirectory: string | undefined;
  readonly timeouts: Timeouts;
  readonly dryRun: boolean;
};

export type BootstrapToken = {
  readonly token: string;
  /** Nobody asked for this very one: it was drawn by lot. */
  readonly generated?: true;
  readonly description: string;
  readonly ttlMs: number | undefined;
  readonly expires: string | undefined;
  readonly usages: readonly string[];
  readonly groups: readonly string[];
};

export type Taint = { readonly key: string; readonly value?: string; readonly effect: string };

export type NodeRegistration = {
  readonly name: string;
  /** As given; undefined = not said. */
  readonly criSocket: string | undefined;
  /** Undefined = the default control-plane taint. */
  readonly taints: readonly Taint[] | undefined;
  readonly kubeletExtraArgs: readonly NameValue[];
  readonly ignorePreflightErrors: readonly string[];
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly imagePullSerial: boolean;
};

export type Timeouts = {
  readonly controlPlaneComponentHealthCheckMs: number;
  readonly kubeletHealthCheckMs: number;
  readonly kubernetesAPICallMs: number;
  readonly etcdAPICallMs: number;
  readonly tlsBootstrapMs: number;
  readonly discoveryMs: number;
  readonly upgradeManifestsMs: number;
};

export type EncryptionAlgorithm = 'RSA-2048' | 'RSA-3072' | 'RSA-4096' | 'ECDSA-P256' | 'ECDSA-P384';

export type ClusterConfiguration = {
  readonly kubernetesVersion: string;
  readonly clusterName: string;
  /** `host:port` (`host` alone is allowed); undefined when none is given. */
  readonly controlPlaneEndpoint: string | undefined;
  readonly networking: {
    /** One CIDR, or two for dual-stack, separated by a comma. */
    readonly serviceSubnet: string;
    readonly podSubnet: string | undefined;
    readonly dnsDomain: string;
  };
  readonly etcd: EtcdConfiguration;
  readonly apiServer: ControlPlaneComponent & { readonly certSANs: readonly string[] };
  readonly controllerManager: ControlPlaneComponent;
  readonly scheduler: ControlPlaneComponent;
  readonly dns: {
    readonly imageRepository: string | undefined;
    readonly imageTag: string | undefined;
    readonly disabled: boolean;
  };
  readonly proxy: { readonly disabled: boolean };
  /** As configured, without the root directory: `/etc/kubernetes/pki`. Use `Paths` to reach it. */
  readonly certificatesDir: string;
  readonly imageRepository: string;
  readonly featureGates: Readonly<Record<string, boolean>>;
  readonly encryptionAlgorithm: EncryptionAlgorithm;
  readonly certificateValidityPeriodMs: number;
  readonly caCertificateValidityPeriodMs: number;
};

export type ControlPlaneComponent = {
  readonly extraArgs: readonly NameValue[];
  readonly extraVolumes: readonly HostPathMount[];
  readonly extraEnvs: readonly Readonly<Record<string, unknown> & { readonly name: string }>[];
};

export type HostPathMount = {
  readonly name: string;
  readonly hostPath: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
  readonly pathType: string | undefined;
};

/** Exactly one of the two is there. */
export type EtcdConfiguration = { readonly local?: LocalEtcd; readonly external?: ExternalEtcd };

export type LocalEtcd = {
  readonly imageRepository: string | undefined;
  readonly imageTag: string | undefined;
  /** As configured, without the root directory: `/var/lib/etcd`. */
  readonly dataDir: string;
  readonly extraArgs: readonly NameValue[];
  readonly extraEnvs: readonly Readonly<Record<string, unknown> & { readonly name: string }>[];
  readonly serverCertSANs: readonly string[];
  readonly peerCertSANs: readonly string[];
};

export type ExternalEtcd = {
  readonly endpoints: readonly string[];
  readonly httpEndpoints: readonly string[];
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
};

export type BootstrapConfiguration = {
  readonly runtime: { readonly type: 'auto' | 'docker' | 'cri' | 'process'; readonly endpoint: string | undefined };
  readonly images: { readonly archives: readonly string[] };
  readonly rollout: {
    readonly apiServer: 'overlap' | 'recreate';
    readonly healthTimeoutMs: number;
    readonly settleMs: number;
    readonly keepRevisions: number;
    readonly guardHandEdits: boolean;
  };
  readonly ports: {
    readonly etcdClient: number;
    readonly etcdPeer: number;
    readonly etcdMetrics: number;
    readonly controllerManager: number;
    readonly scheduler: number;
    readonly agentHealth: number;
    readonly kubeletApi: number;
  };
};

export type ResetConfiguration = {
  readonly cleanupTmpDir: boolean;
  readonly dryRun?: boolean;
  readonly force: boolean;
  readonly skipPhases: readonly string[];
  readonly ignorePreflightErrors: readonly string[];
  readonly unmountFlags: readonly string[];
};
