import { join } from 'node:path';
import { manifestFile } from '../../manifests/components.ts';
import { createKeySource } from '../../pki/keys.ts';
import type { Journal } from '../journal/journal.ts';
import { imagesToMove } from '../move/images-to-move.ts';
import { describePlan } from '../plan/plan-changes.ts';
import { gatherRevision } from '../revisions/gather-revision.ts';
import { readBeforeReplacing } from '../revisions/kept-files.ts';
import { planRevision } from '../revisions/plan-revision.ts';
import { currentRevision, type Revision, type RevisionContent } from '../revisions/revision.ts';
import { readRevisions, writeRevision } from '../revisions/revisions.ts';
import type { RolloutPlan } from '../types.ts';
import { lookBefore } from './before.ts';
import type { RolloutContext } from './context.ts';
import type { StepTimer } from './events.ts';
import { issueAnew, type NewFile } from './issue-anew.ts';
import type { RolloutWork } from './plan-work.ts';
import type { ApplyOptions, RolloutRun } from './run.ts';

export type Begun = {
  readonly context: RolloutContext;
  readonly plan: RolloutPlan;
  readonly work: RolloutWork;
  readonly options: ApplyOptions;
  readonly timer: StepTimer;
  readonly journal: Journal;
  readonly number: number;
};

/** Everything that can be refused before anything running is touched; ends with the new revision on the disk. */
export async function prepare(begun: Begun): Promise<RolloutRun> {
  const { context, work, options, timer, journal } = begun;
  const { parts = {} } = options;
  const before = await lookBefore(context);
  await tryOut(begun);
  const [newFiles] = await Promise.all([issue(context, options, work), obtainImages(context, begun)]);
  const after = parts.beforeEtcdChange;
  if (after !== undefined && work.components.some(({ restart }) => restart)) {
    await timer.step({ step: 'snapshot' }, async () => (await after(context, planned(begun), begun.number)).snapshot);
  }
  context.signal.throwIfAborted();
  const revision = await timer.step({ step: 'prepare', detail: `revision ${begun.number}` }, () =>
    record(begun, newFiles),
  );
  const { move } = begun.plan;
  return { context, options, work, parts, timer, journal, revision, newFiles, before, move, touched: [] };
}

async function tryOut(begun: Begun): Promise<void> {
  const { context, work, options, timer } = begun;
  const canaries = options.parts?.canaries;
  const restarting = work.components.filter(({ restart }) => restart).map(({ component }) => component);
  if (restarting.length === 0) return;
  if (options.skipCanary === true || canaries === undefined) {
    context.tell({ step: 'canary', state: 'skipped', detail: '--skip-canary' });
    return;
  }
  await timer.step({ step: 'canary', detail: restarting.join(', ') }, () => canaries(context, planned(begun)));
}

/** The plan as far as it is carried out: without what `--component` leaves. */
function planned({ plan, work }: Pick<Begun, 'plan' | 'work'>): RolloutPlan {
  return { ...plan, components: work.components.map((item) => item.plan), reissue: work.reissue };
}

async function issue(
  context: RolloutContext,
  { restores, component }: ApplyOptions,
  work: RolloutWork,
): Promise<readonly NewFile[]> {
  const { host, config, paths, clock, agentSettings } = context;
  const keys = createKeySource(config.cluster.encryptionAlgorithm, host.cpuCount());
  const made = await issueAnew(work.reissue, { host, config, paths, now: clock.now(), keys });
  const anew = new Set(made.map(({ path }) => path));
  const kept = (restores?.files ?? []).filter(({ path }) => !anew.has(path));
  return [...kept, ...made, ...(agentSettings === undefined || component !== undefined ? [] : [agentSettings])];
}

/** The old one must not stop for an image that is not there. */
async function obtainImages(context: RolloutContext, { work, plan }: Pick<Begun, 'work' | 'plan'>): Promise<void> {
  const containers = work.components
    .filter(({ restart }) => restart)
    .flatMap(({ manifest }) => manifest.pod.spec.containers);
  const images = [
    ...containers.map(({ image }) => image),
    ...(plan.move === undefined ? [] : await imagesToMove(context, plan.move)),
  ];
  for (const image of new Set(images)) await context.obtainImage(image, true);
}

/** The revision, still unfinished, with all that it will replace. */
async function record(begun: Begun, newFiles: readonly NewFile[]): Promise<Revision> {
  const { context, work, options } = begun;
  const { host, paths, invocation } = context;
  const written = work.components.filter(({ write }) => write).map(({ manifest }) => manifest.file);
  const [content, revisions, replaced] = await Promise.all([
    gatherContent(begun),
    readRevisions(host, paths.revisionsDir),
    // In the order in which they are written.
    readBeforeReplacing(host, [...newFiles.map(({ path }) => path), ...written]),
  ]);
  const planned = planRevision(currentRevision(revisions), content);
  return writeRevision(host, paths.revisionsDir, {
    ...content,
    ...(planned.do === 'create' && { files: planned.files }),
    result: 'unfinished',
    startedAt: new Date(invocation.startedMs).toISOString(),
    who: invocation.author,
    ...(options.message !== undefined && { message: options.message }),
    ...(options.restores !== undefined && { restores: options.restores.number }),
    changes: changesOf(begun),
    timings: {},
    replaced,
  });
}

/** What the control plane will be; manifests that are not touched stay as they are on the disk. */
async function gatherContent({ context, work }: Begun): Promise<RevisionContent> {
  const { host, config, paths, templatesDirectory, patchesDirectory, rendered } = context;
  const objects = context.objects?.wanted;
  const texts = rendered.map(async ({ component, text }) => {
    if (work.components.some((item) => item.component === component)) return [component, text] as const;
    return [component, (await host.readText(join(paths.manifestsDir, manifestFile(component)))) ?? text] as const;
  });
  const manifests = Object.fromEntries(await Promise.all(texts));
  return gatherRevision(host, { config, paths, templatesDirectory, patchesDirectory, objects, manifests });
}

/** Of the plan, what is done of it. */
function changesOf({ plan, work, options }: Begun): readonly string[] {
  if (options.component === undefined) {
    const changes = describePlan(plan);
    return changes.length > 0 ? changes : plan.takenUp.map(({ name, because }) => `${name}: ${because}`);
  }
  return describePlan({ ...plan, components: work.components.map((item) => item.plan), files: [] });
}
