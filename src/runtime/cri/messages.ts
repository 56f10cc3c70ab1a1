import type { Labels } from '../../kube/types.ts';

/**
 * The messages of cri.proto as they are handed over: fields in camel case, 64 bit numbers as numbers (moments in
 * nanoseconds lose less than a microsecond), enumerations by name, a message that is not there is null.
 */
type Metadata = { readonly name: string; readonly attempt: number };
export type SandboxMetadata = Metadata & { readonly uid: string; readonly namespace: string };

export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE' | 'TARGET';
export type NamespaceOption = {
  readonly network: NamespaceMode;
  readonly pid: NamespaceMode;
  readonly ipc: NamespaceMode;
};

export type Wrapped = { readonly value: number };
export type SecurityProfile = {
  readonly profileType: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
  readonly localhostRef?: string;
};

export type LinuxResources = {
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  readonly cpuShares?: number;
  readonly memoryLimitInBytes?: number;
  readonly memorySwapLimitInBytes?: number;
  readonly oomScoreAdj?: number;
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: number }[];
  readonly unified?: Labels;
};

export type PortMapping = {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp: string;
};

export type PodSandboxConfig = {
  readonly metadata: SandboxMetadata;
  readonly hostname: string;
  readonly logDirectory: string;
  readonly dnsConfig?: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  readonly portMappings: readonly PortMapping[];
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly linux: {
    readonly cgroupParent: string;
    readonly securityContext: {
      readonly namespaceOptions: NamespaceOption;
      readonly selinuxOptions?: Labels;
      readonly runAsUser?: Wrapped;
      readonly runAsGroup?: Wrapped;
      readonly supplementalGroups?: readonly number[];
      readonly privileged: boolean;
      readonly seccomp: SecurityProfile;
    };
    readonly sysctls: Labels;
    readonly overhead?: LinuxResources;
    readonly resources?: LinuxResources;
  };
};

export type CriMount = {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
  readonly selinuxRelabel?: boolean;
  readonly propagation: 'PROPAGATION_PRIVATE' | 'PROPAGATION_HOST_TO_CONTAINER' | 'PROPAGATION_BIDIRECTIONAL';
  readonly recursiveReadOnly?: boolean;
  readonly image?: ImageSpec;
  readonly imageSubPath?: string;
};

export type ImageSpec = {
  readonly image: string;
  readonly userSpecifiedImage?: string;
  readonly annotations?: Labels;
};

export type CriContainerConfig = {
  readonly metadata: Metadata;
  readonly image: ImageSpec;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly envs: readonly { readonly key: string; readonly value: Uint8Array }[];
  readonly mounts: readonly CriMount[];
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Relative to the sandbox's log directory. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly linux: {
    readonly resources: LinuxResources;
    readonly securityContext: CriSecurityContext;
  };
  readonly stopSignal?: number;
};

export type CriSecurityContext = {
  readonly capabilities?: { readonly addCapabilities: readonly string[]; readonly dropCapabilities: readonly string[] };
  readonly privileged: boolean;
  readonly namespaceOptions: NamespaceOption;
  readonly selinuxOptions?: Labels;
  readonly runAsUser?: Wrapped;
  readonly runAsUsername?: string;
  readonly runAsGroup?: Wrapped;
  readonly readonlyRootfs: boolean;
  readonly supplementalGroups: readonly number[];
  readonly noNewPrivs: boolean;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly seccomp: SecurityProfile;
  readonly apparmor?: SecurityProfile;
  readonly apparmorProfile?: string;
};

export type PodSandbox = {
  readonly id: string;
  readonly metadata: SandboxMetadata | null;
  readonly state: 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
  readonly createdAt: number;
  readonly labels: Labels;
  readonly annotations: Labels;
};

export type PodSandboxStatus = PodSandbox & {
  readonly network: { readonly ip: string; readonly additionalIps: readonly { readonly ip: string }[] } | null;
  readonly linux: { readonly namespaces: { readonly options: NamespaceOption | null } | null } | null;
};

export type ContainerState = 'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN';

export type Container = {
  readonly id: string;
  readonly podSandboxId: string;
  readonly metadata: Metadata | null;
  readonly image: ImageSpec | null;
  readonly imageRef: string;
  readonly state: ContainerState;
  readonly createdAt: number;
  readonly labels: Labels;
  readonly annotations: Labels;
};

export type ContainerStatus = Omit<Container, 'podSandboxId'> & {
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly logPath: string;
};

export type CriImage = {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly size: number;
  readonly uid: Wrapped | null;
  readonly username: string;
};

export type RuntimeCondition = {
  readonly type: string;
  readonly status: boolean;
  readonly reason: string;
  readonly message: string;
};

export type CriContainerStats = {
  readonly attributes: { readonly id: string; readonly labels: Labels } | null;
  readonly cpu: { readonly timestamp: number; readonly usageCoreNanoSeconds: Wrapped | null } | null;
  readonly memory: {
    readonly timestamp: number;
    readonly workingSetBytes: Wrapped | null;
    readonly availableBytes: Wrapped | null;
    readonly usageBytes: Wrapped | null;
    readonly rssBytes: Wrapped | null;
    readonly pageFaults: Wrapped | null;
    readonly majorPageFaults: Wrapped | null;
  } | null;
};
