import { dirname, join } from 'node:path';
import { InterruptedError, messageOf, OperationError, PreflightError, TimeoutError } from '../../base/errors.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { manifestFile } from '../../manifests/components.ts';
import { openJournal } from '../journal/journal.ts';
import { moveOtherPods } from '../move/move-pods.ts';
import { endMove, holdPods } from '../move/places.ts';
import { bringObjects } from '../objects/bring-objects.ts';
import { isEmptyPlan } from '../plan/plan.ts';
import { blockedSkew } from '../plan/version-skew.ts';
import { nextRevisionNumber, readCurrentRevision } from '../revisions/revisions.ts';
import type { RolloutPlan } from '../types.ts';
import { commit, noteResult } from './commit.ts';
import type { RolloutContext } from './context.ts';
import { StepTimer } from './events.ts';
import { giveUp } from './give-up.ts';
import { rolloutParts } from './parts.ts';
import { planWork, type RolloutWork } from './plan-work.ts';
import { prepare } from './prepare.ts';
import { refuseFullDisk } from './refuse-full-disk.ts';
import { rollComponent } from './roll-component.ts';
import type { ApplyOptions, RolloutRun } from './run.ts';

/** How a change ended that did not fail. */
export type RolloutResult = {
  readonly result: 'good' | 'nothing';
  /** The revision that the control plane is now. */
  readonly revision: number | undefined;
  /** What it changed, in a few words each. */
  readonly changes: readonly string[];
  readonly restarted: readonly string[];
  /** What `--component` left. */
  readonly left: readonly string[];
  /** Milliseconds by step and component. */
  readonly timings: Readonly<Record<string, number>>;
};

/**
 * Carries out a plan, one component at a time, each behind its gate, and goes back when one does not become healthy.
 * Needs the lock of rollouts. Throws PreflightError before anything running was touched, RolledBackError when everything
 * is as it was, OperationError when it is not.
 */
export async function applyRollout(
  context: RolloutContext,
  plan: RolloutPlan,
  options: ApplyOptions = {},
): Promise<RolloutResult> {
  refuseBlocked(plan);
  if (options.component !== undefined) refusePart(plan, options.component);
  const work = await workOf(context, plan, options);
  const brings = options.component === undefined;
  if (isNothing(plan, options)) {
    // Nobody knows whether there is nothing to do in the cluster.
    if (brings && plan.objectsUnknown !== undefined)
      await bringObjects(context, new StepTimer(context.clock, context.tell));
    return nothing(context, work);
  }
  const { parts = rolloutParts } = options;
  await refuseFullDisk(context);
  const begun = await begin(context, { plan, work, options: { ...options, parts } });
  try {
    await roll(begun);
    await moveOthers(begun);
    await noteResult(begun);
    await begun.journal.step('commit');
  } catch (thrown) {
    return giveUp(begun, thrown);
  }
  const result = await commit(begun);
  try {
    if (brings) await bringObjects(context, begun.timer);
  } finally {
    // Until here, whoever recovers a change that was cut off brings the objects.
    await begun.journal.end();
    if (plan.move !== undefined) await endMove(context);
  }
  return result;
}

/** What a component has taken up by itself is not changed, but it belongs to a revision. */
function isNothing(plan: RolloutPlan, { restores }: ApplyOptions): boolean {
  return isEmptyPlan(plan) && plan.takenUp.length === 0 && (restores?.files.length ?? 0) === 0;
}

function refusePart(plan: RolloutPlan, component: ComponentName): void {
  refuseBlocked({ blocked: blockedSkew(plan, component) });
  if (plan.move === undefined) return;
  const message = `${component} cannot move to ${plan.move.to.type} alone; nothing was touched`;
  throw new PreflightError(message, { hint: 'apply it without --component: all pods move, one after the other' });
}

/** Throws with every reason when the plan holds what cannot be changed. */
export function refuseBlocked({ blocked }: Pick<RolloutPlan, 'blocked'>): void {
  const [first, ...others] = blocked.map(({ field, from, to, because }) => `${field}: ${from} → ${to}: ${because}`);
  if (first === undefined) return;
  if (others.length === 0) {
    throw new PreflightError(`this cannot be changed on a living cluster; nothing was touched: ${first}`, {
      hint: 'leave it as it was, and apply the rest',
    });
  }
  throw new PreflightError('this cannot be changed on a living cluster; nothing was touched', {
    findings: [first, ...others].map((message) => ({ severity: 'error', message })),
    hint: 'leave these as they were, and apply the rest',
  });
}

/** What of the plan is done. */
async function workOf(
  { host, rendered, paths }: RolloutContext,
  plan: RolloutPlan,
  { component }: Pick<ApplyOptions, 'component'>,
): Promise<RolloutWork> {
  const files = rendered.map((manifest) => join(paths.manifestsDir, manifestFile(manifest.component)));
  const texts = await Promise.all(files.map(async (file) => [file, await host.readText(file)] as const));
  return planWork(plan, { rendered, onDisk: new Map(texts), only: component });
}

async function nothing({ host, paths }: RolloutContext, { left }: RolloutWork): Promise<RolloutResult> {
  const current = await readCurrentRevision(host, paths.revisionsDir);
  return { result: 'nothing', revision: current?.number, changes: [], restarted: [], left, timings: {} };
}

async function begin(
  context: RolloutContext,
  given: { readonly plan: RolloutPlan; readonly work: RolloutWork; readonly options: ApplyOptions },
): Promise<RolloutRun> {
  const { host, paths, invocation, clock } = context;
  const holder = await host.identify(host.pid);
  if (holder === undefined) throw new Error(`this process (pid ${host.pid}) is not in /proc`);
  const [number, last] = await Promise.all([
    nextRevisionNumber(host, paths.revisionsDir),
    readCurrentRevision(host, paths.revisionsDir),
  ]);
  const { author, startedMs } = invocation;
  const journal = await openJournal(host, paths, {
    ...(last !== undefined && { from: last.number }),
    to: number,
    startedAt: new Date(startedMs).toISOString(),
    holder,
    command: author.command,
    user: author.user,
  }).catch((thrown: unknown) => {
    throw refusal(context, thrown);
  });
  const timer = new StepTimer(clock, context.tell);
  try {
    return await prepare({ context, ...given, timer, journal, number });
  } catch (thrown) {
    await journal.end();
    throw refusal(context, thrown);
  }
}

/** Nothing that runs was touched yet: whatever stands in the way is a reason to refuse. */
function refusal({ signal }: RolloutContext, thrown: unknown): unknown {
  if (signal.aborted) return new InterruptedError('interrupted; nothing was touched');
  const known = thrown instanceof OperationError || thrown instanceof TimeoutError;
  if (!known && !(thrown instanceof Error && 'code' in thrown)) return thrown;
  const about = known ? { details: thrown.details, ...(thrown.hint !== undefined && { hint: thrown.hint }) } : {};
  return new PreflightError(`${messageOf(thrown)}; nothing was touched`, { ...about, cause: thrown });
}

async function roll(run: RolloutRun): Promise<void> {
  if (run.move !== undefined) await holdPods(run.context, run.move.from);
  await writeFiles(run);
  for (const item of run.work.components) {
    run.context.signal.throwIfAborted();
    await rollComponent(run, item);
  }
}

async function moveOthers({ context, journal, timer, move }: RolloutRun): Promise<void> {
  if (move === undefined || move.pods.length === 0) return;
  await journal.step('move');
  await timer.step({ step: 'move', detail: move.pods.join(', ') }, () => moveOtherPods(context, move));
}

async function writeFiles({ context, journal, timer, newFiles }: RolloutRun): Promise<void> {
  if (newFiles.length === 0) return;
  await journal.step('files');
  await timer.step({ step: 'files', detail: newFiles.map(({ path }) => path).join(', ') }, async () => {
    for (const { path, data, mode } of newFiles) {
      await context.host.makeDirectory(dirname(path));
      await context.host.writeFile(path, data, { mode });
    }
    if (newFiles.some(({ path }) => path === context.paths.agentConfig)) await context.agent.reload();
  });
}
