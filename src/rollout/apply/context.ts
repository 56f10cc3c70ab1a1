import type { Log } from '../../base/log.ts';
import type { Report } from '../../base/report.ts';
import type { Config } from '../../config/types.ts';
import type { HealthContext } from '../../health/health-context.ts';
import type { Host } from '../../host/host.ts';
import type { AgentStatus } from '../../kube/agent-socket.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { RenderedManifest } from '../../manifests/render.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import type { CanaryDoors } from '../canary/doors.ts';
import type { ObjectsInput } from '../objects/gather-objects.ts';
import type { RevisionAuthor } from '../revisions/revision.ts';
import type { RolloutEvent } from './events.ts';
import type { NewFile } from './issue-anew.ts';

/** The running agent, over its socket. */
export type RolloutAgent = {
  /** Undefined when no agent answers. */
  status(): Promise<AgentStatus | undefined>;
  /** Asks for a look at the manifest directory now. */
  look(): Promise<void>;
  /**
   * Asked before the manifest changes: what runs by it now runs on beside a new instance, until `stopOld`, the end of this
   * process or `forMs` (30 min). Asked again it lasts longer.
   */
  overlap(manifestFile: string, options?: { readonly forMs?: number }): Promise<void>;
  /** What runs by this manifest stays in that runtime (runtime/place.ts), whatever the agent's becomes, until `stopOld`. */
  stay(manifestFile: string, place: string): Promise<void>;
  /** Only one instance again: what is not desired is stopped with its grace. Does nothing where no overlap was asked for. */
  stopOld(manifestFile: string): Promise<void>;
  /**
   * Stops the pod of this manifest with its grace and starts it anew, though nothing in the manifest has changed; gives the
   * `containerID`s that are replaced.
   */
  restart(manifestFile: string): Promise<readonly string[]>;
  /** Starts an agent when none lives; says whether it had to. */
  revive(): Promise<boolean>;
  /** Ends the agent and starts one by the settings that are on the disk now; pods stay. */
  reload(): Promise<void>;
};

/** What a rollout works with beside its plan; every door is opened when it is first used. */
export type RolloutContext = HealthContext & {
  readonly host: Host;
  readonly config: Config;
  /** Of the last good revision; undefined before there is one. */
  readonly former: Config | undefined;
  /** What the configuration says now, in the order of `componentNames`. */
  readonly rendered: readonly RenderedManifest[];
  readonly report: Report;
  readonly log: Log;
  readonly agent: RolloutAgent;
  readonly runtime: () => Promise<ContainerRuntime>;
  /** Makes sure that an image is at hand, pulls it if it may; throws when it is nowhere. */
  readonly obtainImage: (reference: string, pull: boolean) => Promise<void>;
  /** Where components are tried before anything running is touched. */
  readonly canary: CanaryDoors;
  readonly invocation: { readonly startedMs: number; readonly author: RevisionAuthor };
  /** `--templates`, absolute, for the revision. */
  readonly templatesDirectory?: string | undefined;
  /** The patches that the manifests were rendered with, absolute, for the revision. */
  readonly patchesDirectory?: string | undefined;
  /** The objects in the cluster that a change brings along; absent: none. */
  readonly objects?: ObjectsInput | undefined;
  /** agent.yaml, where the configuration asks for another one than is there. */
  readonly agentSettings?: NewFile | undefined;
  /** What happens, step by step. */
  readonly tell: (event: RolloutEvent) => void;
};

/** One component's change as those see it who carry it out in a special way. */
export type ComponentSwap = {
  readonly component: ComponentName;
  readonly manifest: RenderedManifest;
  /** Puts the new manifest in place and has the agent look at it. */
  swap(): Promise<void>;
  /** Resolves when the new instance is healthy, asked at `server` where one is given; rejects with the reason. */
  gate(options?: { readonly server?: string }): Promise<void>;
};
