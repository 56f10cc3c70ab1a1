import type { Clock } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import { nearest } from '../kube/names.ts';
import type { Phase } from './phase.ts';

/** What the walk itself tells: cli/report.ts turns it into headings and timings. */
export interface WorkflowReport {
  phaseStarted(path: string): void;
  /** `skipped` is the reason why it did nothing. */
  phaseEnded(path: string, outcome: { readonly durationMs: number; readonly skipped?: string }): void;
}

export type Walk = {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly workflow: WorkflowReport;
  /** `name` or `name/sub`. */
  readonly skipPhases?: readonly string[];
};

/** Runs phases one after another, nested ones by `name/sub`; ends between two phases when interrupted. */
export async function runPhases<Ctx>(phases: readonly Phase<Ctx>[], context: Ctx, walk: Walk): Promise<void> {
  const skipped = new Set(walk.skipPhases ?? []);
  assertKnown(phases, [...skipped]);
  for (const phase of phases) await runPhase(phase, context, { ...walk, skipped, above: '' });
}

/** The phase at `path` (`['certs', 'ca']`), with all below it; `UsageError` with the nearest name when there is none. */
export function findPhase<Ctx>(phases: readonly Phase<Ctx>[], path: readonly string[]): Phase<Ctx> {
  const [name = '', ...rest] = path;
  const phase = phases.find((candidate) => candidate.name === name);
  if (phase === undefined) throw unknownPhase([name], names(phases, '', 1));
  return rest.length === 0 ? phase : findPhase(phase.phases ?? [], rest);
}

/** The phase at `path` without its heading: its report is one of several that go on at the same time. */
export function runAlone<Ctx extends Pick<Walk, 'clock' | 'signal'>>(
  phases: readonly Phase<Ctx>[],
  context: Ctx,
  path: readonly string[],
): Promise<void> {
  const quiet = { phaseStarted: () => {}, phaseEnded: () => {} };
  const { clock, signal } = context;
  return runPhases([findPhase(phases, path)], context, { clock, signal, workflow: quiet });
}

/** Waits for all of them; throws what the first in the list failed with. */
export async function firstFailure(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function runPhase<Ctx>(
  phase: Phase<Ctx>,
  context: Ctx,
  walk: Walk & { readonly skipped: ReadonlySet<string>; readonly above: string },
): Promise<void> {
  walk.signal.throwIfAborted();
  const path = `${walk.above}${phase.name}`;
  const startedMs = walk.clock.now();
  const reason = walk.skipped.has(path) ? 'asked to skip' : phase.skip?.(context);
  const top = walk.above === '';
  if (top) walk.workflow.phaseStarted(path);
  if (reason === undefined) {
    const subphases = phase.phases ?? [];
    // A phase with both does in `run` what its subphases do one by one, only faster.
    const whole = phase.run !== undefined && !subphases.some((sub) => walk.skipped.has(`${path}/${sub.name}`));
    if (whole) await phase.run?.(context);
    else for (const sub of subphases) await runPhase(sub, context, { ...walk, above: `${path}/` });
  }
  const durationMs = walk.clock.now() - startedMs;
  if (top) walk.workflow.phaseEnded(path, { durationMs, ...(reason === undefined ? {} : { skipped: reason }) });
}

function assertKnown<Ctx>(phases: readonly Phase<Ctx>[], asked: readonly string[]): void {
  const known = names(phases, '', 2);
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw unknownPhase(unknown, known);
}

function names<Ctx>(phases: readonly Phase<Ctx>[], above: string, depth: number): readonly string[] {
  if (depth === 0) return [];
  return phases.flatMap((phase) => [
    `${above}${phase.name}`,
    ...names(phase.phases ?? [], `${above}${phase.name}/`, depth - 1),
  ]);
}

function unknownPhase(unknown: readonly string[], known: readonly string[]): UsageError {
  const near = unknown.map((name) => nearest(name, known)).find((name) => name !== undefined);
  return new UsageError(`there is no phase ${unknown.map((name) => `"${name}"`).join(', ')}`, {
    hint: `${near === undefined ? '' : `did you mean ${near}? `}phases: ${known.filter((name) => !name.includes('/')).join(', ')}`,
  });
}
