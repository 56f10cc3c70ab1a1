import type { Labels } from '../../kube/types.ts';
import type {
  Container,
  ContainerStatus,
  CriContainerConfig,
  CriContainerStats,
  CriImage,
  ImageSpec,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
  RuntimeCondition,
} from './messages.ts';

type Empty = Readonly<Record<never, never>>;
type SandboxId = { readonly podSandboxId: string };
type ContainerId = { readonly containerId: string };
type Url = { readonly url: string };
type Call<Request, Response> = { readonly request: Request; readonly response: Response };
type Filter = { readonly id?: string; readonly podSandboxId?: string; readonly labelSelector?: Labels };

/** What is asked of a runtime and answered once, by method; a method's name is in one service only. */
export type Calls = {
  readonly Version: Call<
    Empty,
    { readonly runtimeName: string; readonly runtimeVersion: string; readonly runtimeApiVersion: string }
  >;
  readonly Status: Call<
    { readonly verbose?: boolean },
    {
      readonly status: { readonly conditions: readonly RuntimeCondition[] } | null;
      readonly info: Labels;
      readonly runtimeHandlers: readonly {
        readonly name: string;
        readonly features: { readonly recursiveReadOnlyMounts: boolean } | null;
      }[];
    }
  >;
  readonly RuntimeConfig: Call<Empty, { readonly linux: { readonly cgroupDriver: 'SYSTEMD' | 'CGROUPFS' } | null }>;
  readonly RunPodSandbox: Call<{ readonly config: PodSandboxConfig }, SandboxId>;
  readonly StopPodSandbox: Call<SandboxId, Empty>;
  readonly RemovePodSandbox: Call<SandboxId, Empty>;
  readonly PodSandboxStatus: Call<SandboxId, { readonly status: PodSandboxStatus | null }>;
  readonly ListPodSandbox: Call<{ readonly filter?: Filter }, { readonly items: readonly PodSandbox[] }>;
  readonly CreateContainer: Call<
    SandboxId & { readonly config: CriContainerConfig; readonly sandboxConfig: PodSandboxConfig },
    ContainerId
  >;
  readonly StartContainer: Call<ContainerId, Empty>;
  /** `timeout` in seconds. */
  readonly StopContainer: Call<ContainerId & { readonly timeout: number }, Empty>;
  readonly RemoveContainer: Call<ContainerId, Empty>;
  readonly ListContainers: Call<{ readonly filter?: Filter }, { readonly containers: readonly Container[] }>;
  readonly ContainerStatus: Call<
    ContainerId & { readonly verbose?: boolean },
    { readonly status: ContainerStatus | null; readonly info: Labels }
  >;
  readonly ReopenContainerLog: Call<ContainerId, Empty>;
  /** `timeout` in seconds, 0 for ever. */
  readonly ExecSync: Call<
    ContainerId & { readonly cmd: readonly string[]; readonly timeout: number },
    { readonly stdout: Buffer; readonly stderr: Buffer; readonly exitCode: number }
  >;
  readonly Exec: Call<
    ContainerId & {
      readonly cmd: readonly string[];
      readonly tty: boolean;
      readonly stdin: boolean;
      readonly stdout: boolean;
      readonly stderr: boolean;
    },
    Url
  >;
  readonly Attach: Call<
    ContainerId & {
      readonly tty: boolean;
      readonly stdin: boolean;
      readonly stdout: boolean;
      readonly stderr: boolean;
    },
    Url
  >;
  readonly PortForward: Call<SandboxId & { readonly port: readonly number[] }, Url>;
  readonly ContainerStats: Call<ContainerId, { readonly stats: CriContainerStats | null }>;
  readonly ListContainerStats: Call<{ readonly filter?: Filter }, { readonly stats: readonly CriContainerStats[] }>;
  readonly ListImages: Call<Empty, { readonly images: readonly CriImage[] }>;
  readonly ImageStatus: Call<
    { readonly image: ImageSpec; readonly verbose?: boolean },
    { readonly image: CriImage | null; readonly info: Labels }
  >;
  readonly PullImage: Call<
    {
      readonly image: ImageSpec;
      readonly auth?: { readonly username: string; readonly password: string; readonly serverAddress?: string };
      readonly sandboxConfig?: PodSandboxConfig;
    },
    { readonly imageRef: string }
  >;
  readonly RemoveImage: Call<{ readonly image: ImageSpec }, Empty>;
};

/** What is asked once and answered for as long as the stream lasts. */
export type Streams = {
  readonly GetContainerEvents: Call<
    Empty,
    {
      readonly containerId: string;
      readonly containerEventType:
        | 'CONTAINER_CREATED_EVENT'
        | 'CONTAINER_STARTED_EVENT'
        | 'CONTAINER_STOPPED_EVENT'
        | 'CONTAINER_DELETED_EVENT';
      readonly podSandboxStatus: PodSandboxStatus | null;
    }
  >;
  /** Of containerd's own API. */
  readonly Subscribe: Call<
    { readonly filters: readonly string[] },
    {
      readonly namespace: string;
      readonly topic: string;
      readonly event: { readonly typeUrl: string; readonly value: { readonly containerId: string } | null } | null;
    }
  >;
};
