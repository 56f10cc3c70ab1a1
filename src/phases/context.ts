import type { AgentConfiguration } from '../agent/settings/configuration.ts';
import type { ObjectPlan } from '../cluster/plan-objects.ts';
import type { HealthContext } from '../health/health-context.ts';
import type { RecordEntry } from '../host/recording-host.ts';
import type { AgentStatus } from '../kube/agent-socket.ts';
import type { RevisionAuthor } from '../rollout/revisions/revision.ts';
import type { ContainerRuntime, RuntimeType } from '../runtime/runtime.ts';
import type { PhaseContext } from './phase.ts';

/** The agent of this root directory as `init`, `status` and `reset` see it: over its socket and its lock. */
export interface AgentDoor {
  /** Undefined when no agent answers. */
  status(): Promise<AgentStatus | undefined>;
  /** The pid of a living agent, answering or not. */
  pid(): Promise<number | undefined>;
  /** The configuration that the agent was last started with. */
  configuration(): Promise<AgentConfiguration | undefined>;
  /** Writes the configuration; its text is agent.yaml. */
  configure(configuration: AgentConfiguration): Promise<void>;
  /** Starts it detached, or under systemd where that runs; says how. Does not wait. */
  start(): Promise<string>;
  /** Ends it; pods stay. False when none ran. */
  stop(): Promise<boolean>;
  /** Sees to it that not even the next boot starts one; what was undone for that, in words. */
  retire(): Promise<readonly string[]>;
  /** Where its log is, a path or a command, and the last lines. */
  lastWords(count: number): Promise<{ readonly where: string; readonly lines: readonly string[] }>;
  /** Asks for a look at the manifest directory now. */
  look(): Promise<void>;
}

/** The record of what was made below this root directory, by every run so far. */
export interface MadeRecord {
  add(entries: readonly RecordEntry[]): Promise<void>;
  all(): Promise<readonly RecordEntry[]>;
}

/** `--upload-certs`, `--skip-token-print`, `--skip-certificate-key-print`. */
export type Joining = {
  readonly uploadCerts: boolean;
  /** 32 bytes in hex: as configured, else drawn by lot. */
  readonly certificateKey: string;
  readonly skipTokenPrint: boolean;
  readonly skipCertificateKeyPrint: boolean;
};

/** What the phases of `init` and `reset` get beyond every phase's context. The doors open when they are first used. */
export type InitContext = PhaseContext & {
  /** Names of preflight checks whose errors only warn, in lower case; may hold `all`. */
  readonly ignoredChecks: ReadonlySet<string>;
  readonly waitTimeoutMs: number;
  /** `--cni`: the network for pods that is to be written. */
  readonly cni?: 'bridge';
  /** What `init` does for those who join, and what of it is shown. */
  readonly joining: Joining;
  readonly made: MadeRecord;
  /** What becomes of the objects that follow from this configuration, where several phases apply theirs together. */
  readonly applied?: Promise<readonly ObjectPlan[]>;
  /** Whose run this is, and since when, for the revision that it makes. */
  readonly invocation?: { readonly startedMs: number; readonly author: RevisionAuthor };
  /** The system's error code that writing into a directory would give. */
  readonly whyNotWritable: (directory: string) => Promise<string | undefined>;
  /** Milliseconds that each of some small writes takes until it is on the directory's disk. */
  readonly syncLatencies: (directory: string, withinMs: number) => Promise<readonly number[]>;
  readonly agent: AgentDoor;
  /** Which runtime the configuration means on this machine, `auto` decided; throws when it cannot be had. */
  readonly runtimeType: () => Promise<{ readonly type: RuntimeType; readonly endpoint: string | undefined }>;
  readonly runtime: () => Promise<ContainerRuntime>;
  readonly kube: HealthContext['kube'];
  readonly lastLogLines: HealthContext['lastLogLines'];
  /** Makes sure that an image is in the runtime or in an archive, else pulls it if it may; throws when it is nowhere. */
  readonly obtainImage: (reference: string, pull: boolean) => Promise<void>;
};
