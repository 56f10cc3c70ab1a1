import type { Log } from '../../base/log.ts';
import type { Report } from '../../base/report.ts';
import type { Config } from '../../config/types.ts';
import type { HealthContext } from '../../health/health-context.ts';
import type { Host } from '../../host/host.ts';
import type { AgentStatus } from '../../kube/agent-socket.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { RenderedManifest } from '../../manifests/render.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import type { RevisionAuthor } from '../revision.ts';

/** The running agent, over its socket. */
export type RolloutAgent = {
  /** Undefined when no agent answers. */
  status(): Promise<AgentStatus | undefined>;
  /** Asks for a look at the manifest directory now. */
  look(): Promise<void>;
  /** From now on the old instance of this manifest's pod runs on beside a new one, until `stopOld`. */
  overlap(manifestFile: string): Promise<void>;
  /** Only one instance again: what is not desired is stopped with its grace. */
  stopOld(manifestFile: string): Promise<void>;
};

/** What a rollout works with beside its plan; every door is opened when it is first used. */
export type RolloutContext = HealthContext & {
  readonly host: Host;
  readonly config: Config;
  /** Of the last good revision; undefined before there is one. */
  readonly former: Config | undefined;
  /** What the configuration says now, in the order of `rollingOrder`. */
  readonly rendered: readonly RenderedManifest[];
  readonly report: Report;
  readonly log: Log;
  readonly agent: RolloutAgent;
  readonly runtime: () => Promise<ContainerRuntime>;
  /** Makes sure that an image is at hand, pulls it if it may; throws when it is nowhere. */
  readonly obtainImage: (reference: string, pull: boolean) => Promise<void>;
  readonly invocation: { readonly startedMs: number; readonly author: RevisionAuthor };
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
