import type { Host } from '../../host/host.ts';
import type { Container, Pod } from '../../kube/types.ts';
import type { ContainerConfig, ContainerRuntime, ImageInfo, SandboxConfig } from '../../runtime/runtime.ts';

/** A pod's sandbox and its first container as a runtime gets them. */
export type PodConfigs = { readonly sandbox: SandboxConfig; readonly container: ContainerConfig };

/** How canaries reach containers; the same pod gives the same container as the agent would make of it. */
export type CanaryDoors = {
  /** What is written through it is on no record of what is ours: it goes with the canaries. */
  readonly host: Host;
  /** Everything of canaries lies below it, and goes with them. */
  readonly directory: string;
  /** Pods of an owner of their own, whom the agent neither sees nor touches. */
  readonly runtime: () => Promise<ContainerRuntime>;
  /** The image in the runtime's own store: from there, from an archive, from its registry; throws when it is nowhere. */
  readonly obtainImage: (reference: string, policy: Container['imagePullPolicy']) => Promise<ImageInfo>;
  /** Makes the pod's volumes ready and gives what a start needs; throws with the reason when it cannot be had. */
  readonly podConfigs: (
    pod: Pod,
    start: { readonly uid: string; readonly attempt: number; readonly image: ImageInfo },
  ) => Promise<PodConfigs>;
  /** The last lines of a container's log, newest last; none when there is no log. */
  readonly lastLines: (logPath: string, count: number) => Promise<readonly string[]>;
  /** Takes off and removes what `podConfigs` and the containers left below `directory`. */
  readonly clear: () => Promise<void>;
};

/** The owner label of canaries; another beginning, since a runtime's control groups are named by that. */
export function canaryOwner(owner: string): string {
  return `c-${owner}`;
}
