import type { DesiredPod } from '../desired.ts';
import type { NodeCapacity } from '../env/resource-ref.ts';
import type { PodPaths } from '../pod-paths.ts';
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
  /** Whether a file can be mounted for the termination message; a child process has no mounts. */
  readonly mountsTerminationLog: boolean;
  /** Image of the sandbox. */
  readonly sandboxImage: string;
};
