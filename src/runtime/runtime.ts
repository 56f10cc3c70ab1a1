import type { Duplex } from 'node:stream';
import type { CommandIo } from '../base/command-io.ts';
import type { ContainerPort, Labels } from '../kube/types.ts';

export type RuntimeType = 'docker' | 'cri' | 'process';

/** What the sandbox and its containers say about themselves; all of it is read back from the runtime (labels). */
export type PodIdentity = {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
};

export type ObservedSandbox = {
  readonly id: string;
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAtMs: number;
  /** Pod IPs; empty on the host network. */
  readonly ips: readonly string[];
  readonly hostNetwork: boolean;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** The runtime that it is still in (place.ts), where pods move out of that one into another. */
  readonly former?: string;
};

export type ObservedContainer = {
  readonly id: string;
  /** What a CRI runtime calls itself, such as `containerd`; absent where the runtime's type says it. */
  readonly runtimeName?: string;
  readonly name: string;
  readonly sandboxId: string;
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly exitCode?: number;
  /** `Completed`, `Error`, `OOMKilled`, `ContainerCannotRun` (kubelet.md 2.5). */
  readonly reason?: string;
  readonly message?: string;
  readonly image: string;
  readonly imageId: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly logPath: string;
  /** As a sandbox's. */
  readonly former?: string;
};

export type ObservedPod = {
  readonly pod: PodIdentity;
  /** It is somebody else's: without our owner label, or with another (`observeForeign`). */
  readonly foreign?: true;
  /** Newest attempt first. */
  readonly sandboxes: readonly ObservedSandbox[];
  /** Newest attempt first within a name. */
  readonly containers: readonly ObservedContainer[];
};

/** Everything a sandbox needs, resolved: a runtime looks nothing up. As CRI's PodSandboxConfig. */
export type SandboxConfig = {
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly hostname: string;
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly sharedPid: boolean;
  readonly ports: readonly ContainerPort[];
  readonly dns?: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  readonly sysctls: Labels;
  readonly cgroupParent?: string;
  /** Of the pod as a whole. */
  readonly resources?: PodResources;
  readonly image: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** `/var/log/pods/<ns>_<pod>_<uid>`. */
  readonly logDirectory: string;
  readonly seccomp: SeccompChoice;
  /** Whether some container of the pod is privileged. */
  readonly privileged?: boolean;
  /** The pod's own security context, as far as a sandbox has one. */
  readonly security?: Pick<ContainerSecurity, 'runAsUser' | 'runAsGroup' | 'supplementalGroups' | 'seLinux'>;
  /** The former runtime that it is to be made in nevertheless: its pod stays there for now. */
  readonly former?: string;
};

/** What the pod as a whole may use, and its quality of service; as CRI's LinuxPodSandboxConfig.resources. */
export type PodResources = {
  readonly qos: 'Guaranteed' | 'Burstable' | 'BestEffort';
  readonly cpuShares: number;
  /** Per 100 ms period, in µs. */
  readonly cpuQuota?: number;
  readonly memoryLimitBytes?: number;
  readonly pidsLimit?: number;
};

/** A Localhost profile comes as its JSON text and the path it was read from. */
export type SeccompChoice =
  | { readonly type: 'RuntimeDefault' | 'Unconfined' }
  | { readonly type: 'Localhost'; readonly path: string; readonly json: string };

export type Mount = {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  readonly propagation: 'private' | 'rslave' | 'rshared';
  /** What is mounted below it is read-only too: refused where that cannot be, or left when only `IfPossible`. */
  readonly recursiveReadOnly?: 'IfPossible' | 'Enabled';
  /** Files of an image in place of `hostPath`, which is empty then; read-only. */
  readonly image?: { readonly reference: string; readonly subPath?: string };
};

export type ContainerConfig = {
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly imageId: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir?: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly labels: Labels;
  readonly annotations: Labels;
  /** `/var/log/pods/<ns>_<pod>_<uid>/<container>/<attempt>.log`. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly stopSignal?: string;
  readonly resources: ContainerResources;
  readonly security: ContainerSecurity;
};

export type ContainerResources = {
  readonly cpuShares?: number;
  /** Per 100 ms period, in µs. */
  readonly cpuQuota?: number;
  readonly memoryLimitBytes?: number;
  readonly oomScoreAdj: number;
};

export type ContainerSecurity = {
  readonly privileged: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  readonly readOnlyRootFilesystem: boolean;
  readonly noNewPrivileges: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly seccomp: SeccompChoice;
  /** `runtime/default`, `unconfined` or a profile's name. */
  readonly appArmor?: string;
  readonly unmaskedProc: boolean;
  /** `user`, `role`, `type`, `level`; without effect on a host without SELinux. */
  readonly seLinux?: Labels;
};

export type ImageInfo = {
  /** Content address, `sha256:…`. */
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** The image's own user, empty when none: needed for runAsNonRoot. */
  readonly user: string;
};

export type RuntimeVersion = { readonly name: string; readonly version: string; readonly apiVersion: string };

/** Whether pods off the host network can be given one. As CRI's condition NetworkReady. */
export type NetworkState = {
  /** Why they cannot now, as the runtime says it; absent when they can. */
  readonly problem?: string;
  /** Where the runtime looks for CNI configurations and for the plugins they name, as far as it tells. */
  readonly configDirectory?: string;
  readonly pluginDirectory?: string;
};

/** What is wrong with a runtime, or will be; `check` is the name of the preflight check that it belongs to. */
export type RuntimeRemark = {
  readonly check: 'CRI' | 'CgroupDriver' | 'ContainerRuntimeVersion' | 'ImagePull';
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly hint?: string;
};

/** Something changed about a pod; a hint to look again, never a fact to act on. `undefined` pod = look at everything. */
export type RuntimeEvent = { readonly pod?: PodIdentity; readonly what: string };

export type PullOptions = {
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
  readonly credentials?: { readonly username: string; readonly password: string };
};

export type ExecResult = { readonly exitCode: number; readonly output: string; readonly timedOut: boolean };

/** What a container or a pod uses. */
export type ResourceUsage = {
  /** Of one processor, since it began. */
  readonly cpuNanoseconds: number;
  readonly usageBytes: number;
  /** What cannot simply be dropped: the usage without file pages that nobody has used lately. */
  readonly workingSetBytes: number;
  readonly rssBytes: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
  /** Of memory; absent when there is none. */
  readonly limitBytes?: number;
};

export type ContainerStats = ResourceUsage & { readonly id: string; readonly atMs: number };

/** Streams from and to pods, for somebody far away; what is slow holds up only itself. */
export interface ContainerStreams {
  /** Runs a command in the container with these streams; gives its exit code. Ended when the signal aborts. */
  exec(id: string, command: readonly string[], io: CommandIo): Promise<number>;
  /**
   * Joins the streams of the container's own program; gives the container's exit code when it has ended, 0 when the signal
   * aborts, which ends nothing.
   */
  attach(id: string, io: CommandIo): Promise<number>;
  /** A connection to a port of the pod's own localhost, whose sides end each on its own. */
  portForward(sandboxId: string, port: number): Promise<Duplex>;
}

/**
 * Containers, at the height of CRI: no restart policy, no health checks, no garbage collection in here. Only what
 * carries our owner label is seen or touched; what is not ours only by who asks for it (`observeForeign`), and stop and
 * remove then do the same to it. `startContainer` and `createSandbox` are idempotent by name and attempt;
 * stop and remove of something gone succeed. All methods reject with plain errors whose text a user can read.
 */
export interface ContainerRuntime {
  readonly type: RuntimeType;
  version(): Promise<RuntimeVersion>;
  /** What is to be said of the runtime as it is set up, before pods are made in it; absent where there never is anything. */
  remarks?(): Promise<readonly RuntimeRemark[]>;
  /** Pods on the host network need none of it. */
  network(): Promise<NetworkState>;
  /** Every pod of ours, or only those of one namespace/name. */
  observePods(only?: { readonly namespace: string; readonly name: string }): Promise<readonly ObservedPod[]>;
  /** The same of pods that are not ours, each marked `foreign`: of a kubelet, or of another root directory. */
  observeForeign(only?: { readonly namespace: string; readonly name: string }): Promise<readonly ObservedPod[]>;
  /** Names of sandboxes that others own under this namespace/name, for a warning. */
  foreignPods(pod: { readonly namespace: string; readonly name: string }): Promise<readonly string[]>;
  /** Undefined when the image is not in the runtime's own store. Never touches the network. */
  findImage(reference: string): Promise<ImageInfo | undefined>;
  listImages(): Promise<readonly ImageInfo[]>;
  /** Fetches from the registry, whether or not it is there already. */
  pullImage(reference: string, options?: PullOptions): Promise<ImageInfo>;
  /** Loads a `docker save` or OCI archive; returns the tags it held. */
  importArchive(path: string): Promise<readonly string[]>;
  removeImage(id: string): Promise<void>;
  /** Why this runtime cannot run such a pod, as findings for the user; empty when it can. */
  refusals(
    sandbox: SandboxConfig,
    containers: readonly ContainerConfig[],
  ): readonly string[] | Promise<readonly string[]>;
  createSandbox(config: SandboxConfig): Promise<string>;
  startContainer(sandboxId: string, sandbox: SandboxConfig, config: ContainerConfig): Promise<string>;
  /** Stop signal, then SIGKILL after the grace period; resolves when it has exited. */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  /** Runs a command in the container; killed after `timeoutMs`; output (both streams) cut to 10 KiB. */
  exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>;
  readonly streams: ContainerStreams;
  /**
   * Moves what a running container has written from its log to the file `to`; it goes on at `path`. Absent where the
   * runtime keeps logs small by itself.
   */
  moveLog?(log: { readonly id: string; readonly path: string }, to: string): Promise<void>;
  /** What these containers use now; those that do not run are left out. */
  stats(ids: readonly string[]): Promise<readonly ContainerStats[]>;
  /** Hints from now on, until the signal aborts; reconnects by itself and then hints at everything. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  /** Lets go of sockets and timers; containers stay. */
  close(): Promise<void>;
}
