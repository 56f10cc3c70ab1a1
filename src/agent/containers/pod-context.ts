import type { DesiredPod } from '../desired.ts';
import type { NodeCapacity } from '../env/resource-ref.ts';
import type { PodPaths } from '../home/pod-paths.ts';
import type { DnsSettings } from './dns.ts';
import type { PodRules } from './pod-rules.ts';
import type { SeccompRules } from './security.ts';

/** The node as pods see it. */
export type NodeInfo = NodeCapacity & {
  readonly name: string;
  /** Its addresses, the most important first. */
  readonly ips: readonly string[];
};

/** What the configurations of a pod's sandbox and containers are made from. */
export type PodContext = {
  readonly desired: DesiredPod;
  readonly node: NodeInfo;
  readonly paths: PodPaths;
  readonly seccomp: SeccompRules;
  /** The kubelet's defaults when not given. */
  readonly rules?: PodRules;
  /** Whether containers have mounts of their own; a child process has none. */
  readonly hasMounts: boolean;
  readonly dns: DnsSettings;
  /** Image of the sandbox. */
  readonly sandboxImage: string;
  /** The former runtime that the pod stays in for now. */
  readonly former?: string;
};
