import type { Labels, ObjectMeta } from './types.ts';

export type Taint = { readonly key: string; readonly value?: string; readonly effect: string };

export type NodeCondition = {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastHeartbeatTime: string;
  readonly lastTransitionTime: string;
};

export type NodeSystemInfo = {
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly containerRuntimeVersion: string;
  readonly kubeletVersion: string;
  readonly kubeProxyVersion: string;
  readonly operatingSystem: string;
  readonly architecture: string;
};

export type NodeStatus = {
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  readonly capacity?: Labels;
  readonly allocatable?: Labels;
  readonly conditions?: readonly NodeCondition[];
  readonly daemonEndpoints?: { readonly kubeletEndpoint: { readonly Port: number } };
  readonly images?: readonly { readonly names: readonly string[]; readonly sizeBytes: number }[];
  readonly nodeInfo?: NodeSystemInfo;
  /** Sorted, without duplicates (KEP-5328). */
  readonly declaredFeatures?: readonly string[];
};

/** k8s.io/api/core/v1 Node, cut to what we use. */
export type Node = {
  readonly apiVersion: 'v1';
  readonly kind: 'Node';
  readonly metadata: ObjectMeta;
  readonly spec?: { readonly taints?: readonly Taint[]; readonly podCIDR?: string; readonly unschedulable?: boolean };
  readonly status?: NodeStatus;
};

/** k8s.io/api/coordination/v1 Lease; times are RFC 3339 with microseconds. */
export type Lease = {
  readonly apiVersion: 'coordination.k8s.io/v1';
  readonly kind: 'Lease';
  readonly metadata: ObjectMeta;
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
};
