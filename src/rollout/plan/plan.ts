import { basename } from 'node:path';
import type { Config } from '../../config/types.ts';
import { componentNames } from '../../health/manifest-files.ts';
import type { Pod } from '../../kube/types.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { snapshotNotes } from '../etcd/plan-snapshot.ts';
import { moveChange, moveNotes, moveReason } from '../move/plan-move.ts';
import { type ObjectFacts, planObjectChanges } from '../objects/plan-object-changes.ts';
import type { Blocked, Change, ComponentPlan, Difference, RolloutPlan, RuntimeMove } from '../types.ts';
import { type ChangeOver, expectedApiGap } from './expected-gap.ts';
import { blockedOf, versionSteps } from './plan-blocked.ts';
import { plannedChangeOver } from './plan-change-over.ts';
import { compareThreeWays, type DiskManifest, type RunningComponent } from './plan-component.ts';
import { type FileChange, type FoundFileState, planFileChanges } from './plan-files.ts';
import { notesOf } from './plan-notes.ts';
import { type PkiFacts, planPki, type Reissue } from './plan-pki.ts';
import { reissueCause } from './reissue-cause.ts';
import { restartReason } from './restart-reason.ts';
import { versionNotes } from './version-skew.ts';

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
  /** Configuration, patches and `--templates` are those of the last good revision: no difference comes from them. */
  readonly sameInput?: boolean;
  /** What else is written that no component reads. */
  readonly otherFiles?: readonly Change[];
  /** What is said beside, whatever the plan is. */
  readonly notes?: readonly string[];
  /** Files that the components can read. */
  readonly mountedFiles: ReadonlyMap<ComponentName, readonly FoundFileState[]>;
  /** Certificates and kubeconfigs; its `now` is the time of the plan. */
  readonly pki: PkiFacts;
  /** The pods move to another container runtime. */
  readonly move?: RuntimeMove | undefined;
  /** Undefined: nobody asked for the objects in the cluster. */
  readonly objects?: ObjectFacts | undefined;
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
  /** Why it was made, in its own words. */
  readonly message?: string | undefined;
};

/** What `apply` would change, why, in which order, and what cannot be changed. Reads nothing, changes nothing. */
export function planRollout(facts: RolloutFacts): RolloutPlan {
  const blocked = blockedOf(facts);
  // What a directory elsewhere lacks needs no words of its own.
  const moved = blocked.some(({ field }) => field === 'certificatesDir');
  const pki = moved ? { reissue: [], blocked: [], notes: [] } : planPki(facts.pki);
  const drafts = componentNames.flatMap((component) =>
    draftOf(component, withoutBlocked(facts, pki.blocked), pki.reissue),
  );
  const restarting = drafts.filter(({ restart }) => restart).map(({ component }) => component);
  const components = drafts.map(({ takenUp: _takenUp, ...draft }): ComponentPlan => {
    if (!draft.restart) return draft;
    const way = plannedChangeOver(facts);
    const gap = expectedApiGap(draft.component, way);
    const order = restarting.indexOf(draft.component) + 1;
    return {
      ...{ ...draft, order, expectedApiGap: gap },
      ...(draft.component === 'kube-apiserver' && { changeOver: way }),
    };
  });
  const objects = facts.objects === undefined ? { changes: [], notes: [] } : planObjectChanges(facts.objects);
  const takenUp = drafts.flatMap((draft) => draft.takenUp);
  const read = new Set(components.flatMap(({ changes }) => changes.map(({ name }) => name)));
  return {
    components,
    files: [
      ...pki.reissue.filter(({ file }) => !read.has(file)).map((reissue) => fileChange(reissue, facts)),
      ...(facts.otherFiles ?? []),
    ],
    objects: objects.changes,
    ...(facts.objects !== undefined &&
      facts.objects.plans === undefined && { objectsUnknown: facts.objects.problem ?? 'no answer' }),
    reissue: pki.reissue,
    ...(facts.move !== undefined && { move: facts.move }),
    blocked: [...blocked, ...pki.blocked],
    configuration: facts.configuration,
    takenUp,
    notes: [
      ...(facts.notes ?? []),
      ...notesOf(facts),
      ...versionNotes(versionSteps(facts)),
      ...moveNotes(facts.move),
      ...snapshotNotes({ components }, facts.rendered),
      ...pki.notes,
      ...objects.notes,
      ...takenUp.map(({ name, because }) => `${name} changed; ${because}`),
    ],
  };
}

/** Whether there is anything that could be changed: a manifest, a pod or a revision. */
export function hasPlane({ onDisk, running, lastGood }: RolloutFacts): boolean {
  if (lastGood !== undefined || (running?.components.size ?? 0) > 0) return true;
  return [...onDisk.values()].some(({ state }) => state !== 'absent');
}

/** Whether there is nothing to do and nothing that was asked for in vain. */
export function isEmptyPlan({ components, files, objects, blocked, configuration }: RolloutPlan): boolean {
  const idle = components.every(({ changes, restart }) => changes.length === 0 && !restart);
  return idle && [files, objects, blocked, configuration].every((list) => list.length === 0);
}

type Draft = Omit<ComponentPlan, 'order' | 'expectedApiGap'> & { readonly takenUp: readonly Change[] };

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
    sameInput: facts.sameInput ? facts.lastGood?.pods.get(component) : undefined,
    // As the agent calls the revision of an edit that it has tried and taken on.
    adopted: facts.lastGood?.message === `${basename(rendered.file)} was edited by hand`,
  });
  const files = filesOf(component, { facts, pod: rendered.pod, reissue });
  // What somebody else changed and the component has taken up needs nothing done.
  const settled = files.filter(({ change, live }) => live && change.cause !== 'certificate due');
  const pending = files.filter((file) => !settled.includes(file));
  const { move } = facts;
  const restarts = move !== undefined || restart || pending.some(({ live }) => !live);
  return [
    {
      component,
      changes: [
        ...(move === undefined ? [] : [moveChange(move)]),
        ...changes,
        ...pending.map(({ change }) => withCause(change, reissue, facts)),
      ],
      restart: restarts,
      because: move === undefined ? restartReason({ changes, files: pending, restart }) : moveReason(move),
      takenUp: settled.map(({ change }) => ({ ...change, because: `${component} takes it up by itself` })),
    },
  ];
}

/** A lost or exchanged CA is to be put back: nobody has to take up what is there. */
function withoutBlocked(facts: RolloutFacts, blocked: readonly Blocked[]): RolloutFacts {
  const refused = new Set(blocked.map(({ field }) => `${facts.pki.paths.certificatesDir}/${field}`));
  const kept = [...facts.mountedFiles].map(
    ([component, files]) => [component, files.filter(({ path }) => !refused.has(path))] as const,
  );
  return { ...facts, mountedFiles: new Map(kept) };
}

/** What is issued anew has its cause from what became of the file. */
function withCause(change: Change, reissue: readonly Reissue[], facts: RolloutFacts): Change {
  const found = reissue.find(({ file }) => file === change.name);
  return found === undefined ? change : { ...change, cause: reissueCause(found, facts.pki) };
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

function fileChange(reissue: Reissue, { pki }: RolloutFacts): Change {
  const { kind, file, because } = reissue;
  return { what: kind, name: file, because, cause: reissueCause(reissue, pki) };
}
