import type { Config } from '../config/types.ts';
import type { Pod } from '../kube/types.ts';
import type { ComponentName } from '../manifests/component.ts';
import { type ChangeOver, changeOverOf, expectedApiGap } from './expected-gap.ts';
import { commandOf, flagValue } from './flags.ts';
import { blockedOf, presentPod } from './plan-blocked.ts';
import { compareThreeWays, type DiskManifest, type RunningComponent } from './plan-component.ts';
import { type FileChange, type FoundFileState, planFileChanges } from './plan-files.ts';
import { type PkiFacts, planPki, type Reissue } from './plan-pki.ts';
import { rollingOrder } from './rolling-order.ts';
import type { Change, ComponentPlan, Difference, RolloutPlan } from './types.ts';

export type RolloutFacts = {
  readonly config: Config;
  /** What the configuration says now. */
  readonly rendered: ReadonlyMap<ComponentName, { readonly file: string; readonly pod: Pod }>;
  readonly onDisk: ReadonlyMap<ComponentName, DiskManifest>;
  /** Undefined when no agent answers. */
  readonly running: RunningPlane | undefined;
  readonly lastGood: LastGood | undefined;
  /** The manifests as they were last written, good or not; default: the last good ones. */
  readonly lastWritten?: ReadonlyMap<ComponentName, Pod> | undefined;
  /** What the configuration says differently from the last good revision's. */
  readonly configuration: readonly Difference[];
  /** Files that the components can read. */
  readonly mountedFiles: ReadonlyMap<ComponentName, readonly FoundFileState[]>;
  /** Certificates and kubeconfigs; its `now` is the time of the plan. */
  readonly pki: PkiFacts;
  /** The runtime that the plane was made with. */
  readonly planeRuntime?: string | undefined;
  /** What this machine allows for a change over of the API server; undefined = all. */
  readonly changeOver?: ChangeOver | undefined;
};

export type RunningPlane = {
  readonly nodeName: string;
  readonly components: ReadonlyMap<ComponentName, RunningComponent>;
};

export type LastGood = {
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly pods: ReadonlyMap<ComponentName, Pod>;
};

/** What `apply` would change, why, in which order, and what cannot be changed. Reads nothing, changes nothing. */
export function planRollout(facts: RolloutFacts): RolloutPlan {
  const blocked = blockedOf(facts);
  // What a directory elsewhere lacks needs no words of its own.
  const moved = blocked.some(({ field }) => field === 'certificatesDir');
  const pki = moved ? { reissue: [], blocked: [], notes: [] } : planPki(facts.pki);
  const drafts = rollingOrder.flatMap((component) => draftOf(component, facts, pki.reissue));
  const restarting = drafts.filter(({ restart }) => restart).map(({ component }) => component);
  const components = drafts.map(({ takenUp: _takenUp, ...draft }): ComponentPlan => {
    if (!draft.restart) return draft;
    const gap = expectedApiGap(draft.component, changeOver(facts));
    return { ...draft, order: restarting.indexOf(draft.component) + 1, expectedApiGap: gap };
  });
  const read = new Set(components.flatMap(({ changes }) => changes.map(({ name }) => name)));
  return {
    components,
    files: pki.reissue.filter(({ file }) => !read.has(file)).map(fileChange),
    blocked: [...blocked, ...pki.blocked],
    configuration: facts.configuration,
    notes: [...notesOf(facts), ...pki.notes, ...drafts.flatMap(({ takenUp }) => takenUp)],
  };
}

/** Whether there is anything that could be changed: a manifest, a pod or a revision. */
export function hasPlane({ onDisk, running, lastGood }: RolloutFacts): boolean {
  if (lastGood !== undefined || (running?.components.size ?? 0) > 0) return true;
  return [...onDisk.values()].some(({ state }) => state !== 'absent');
}

/** Whether there is nothing to do and nothing that was asked for in vain. */
export function isEmptyPlan({ components, files, blocked, configuration }: RolloutPlan): boolean {
  const idle = components.every(({ changes, restart }) => changes.length === 0 && !restart);
  return idle && files.length === 0 && blocked.length === 0 && configuration.length === 0;
}

type Draft = Omit<ComponentPlan, 'order' | 'expectedApiGap'> & { readonly takenUp: readonly string[] };

function draftOf(component: ComponentName, facts: RolloutFacts, reissue: readonly Reissue[]): readonly Draft[] {
  const rendered = facts.rendered.get(component);
  if (rendered === undefined) return [];
  const running = facts.running === undefined ? ('unknown' as const) : facts.running.components.get(component);
  const { changes, restart } = compareThreeWays({
    component,
    file: rendered.file,
    rendered: rendered.pod,
    onDisk: facts.onDisk.get(component) ?? { state: 'absent' },
    running,
    lastWritten: (facts.lastWritten ?? facts.lastGood?.pods)?.get(component),
  });
  const files = filesOf(component, { facts, pod: rendered.pod, reissue });
  // What somebody else changed and the component has taken up needs nothing done.
  const settled = files.filter(({ change, live }) => live && change.cause !== 'certificate due');
  const pending = files.filter((file) => !settled.includes(file));
  const restarts = restart || pending.some(({ live }) => !live);
  return [
    {
      component,
      changes: [...changes, ...pending.map(({ change }) => change)],
      restart: restarts,
      because: becauseOf({ changes, files: pending, restart }),
      takenUp: settled.map(({ change }) => `${change.name} changed; ${component} takes it up by itself`),
    },
  ];
}

function filesOf(
  component: ComponentName,
  { facts, pod, reissue }: { readonly facts: RolloutFacts; readonly pod: Pod; readonly reissue: readonly Reissue[] },
): readonly FileChange[] {
  return planFileChanges({
    component,
    pod,
    certificatesDir: facts.pki.paths.certificatesDir,
    files: facts.mountedFiles.get(component) ?? [],
    startedAtMs: facts.running?.components.get(component)?.startedAtMs,
    revisionAtMs: facts.lastGood?.atMs,
    reissued: new Map(reissue.flatMap((item) => item.paths.map((path) => [path, item] as const))),
  });
}

function becauseOf(found: {
  readonly changes: readonly Change[];
  readonly files: readonly FileChange[];
  readonly restart: boolean;
}): string {
  const { changes, files, restart } = found;
  const stale = files.filter(({ live }) => !live).map(({ change }) => change.name);
  if (restart) return restartReason(changes);
  if (stale.length > 0) return `it reads ${stale.join(', ')} only at start`;
  if (changes.length > 0) return 'what runs is right, only the file is put right';
  return files.length > 0 ? 'it takes up the new files by itself' : 'nothing differs';
}

/** The kinds of what changed: `2 flags and the image differ`. */
function restartReason(changes: readonly Change[]): string {
  if (changes.some(({ cause }) => cause === 'not running')) return 'it does not run';
  const count = (what: Change['what']) => changes.filter((change) => change.what === what).length;
  const [flags, env, mounts] = [count('flag'), count('env'), count('mount')];
  const rest = count('field') + count('probe') + count('resources');
  const parts = [
    ...(count('file') > 0 ? ['its manifest'] : []),
    ...(count('image') > 0 ? ['its image'] : []),
    ...(flags > 0 ? [counted(flags, 'flag')] : []),
    ...(env > 0 ? [counted(env, 'environment variable')] : []),
    ...(mounts > 0 ? [counted(mounts, 'mount')] : []),
    ...(rest > 0 ? [counted(rest, 'other field')] : []),
  ];
  const text = parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : (parts[0] ?? 'its pod');
  const one = parts.length === 1 && (/^1 /.test(text) || text.startsWith('its'));
  return `${text} ${one ? 'changes' : 'change'}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function changeOver(facts: RolloutFacts): ChangeOver {
  const rendered = facts.rendered.get('kube-apiserver');
  if (rendered === undefined) return { way: 'recreate' };
  return changeOverOf({
    wanted: facts.config.bootstrap.rollout.apiServer,
    possible: facts.changeOver,
    running: presentPod('kube-apiserver', facts),
    rendered: rendered.pod,
  });
}

function fileChange({ kind, file, because }: Reissue): Change {
  return { what: kind, name: file, because, cause: 'certificate due' };
}

function notesOf(facts: RolloutFacts): readonly string[] {
  const { running, config } = facts;
  const { former } = facts.pki;
  const algorithm = config.cluster.encryptionAlgorithm;
  return [
    ...(running === undefined ? ['no agent answers: what runs is not known, only the files are compared'] : []),
    ...(former !== undefined && former.cluster.encryptionAlgorithm !== algorithm
      ? [`encryptionAlgorithm ${algorithm} is for certificates made from now on; those that are there keep their keys`]
      : []),
    ...memberNotes(facts),
  ];
}

/** The flag counts at the first start only; the member list has the URL from then on. */
function memberNotes(facts: RolloutFacts): readonly string[] {
  const urls = [presentPod('etcd', facts), facts.rendered.get('etcd')?.pod].map((pod) =>
    pod === undefined ? undefined : flagValue(commandOf(pod), '--initial-advertise-peer-urls'),
  );
  const [from, to] = urls;
  if (from === undefined || to === undefined || from === to) return [];
  return [`the peer URL of the etcd member changes with it, through etcd's API: ${from} → ${to}`];
}
