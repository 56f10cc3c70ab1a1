import {
  BootstrapError,
  InterruptedError,
  messageOf,
  OperationError,
  RolledBackError,
  TimeoutError,
} from '../../base/errors.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { endRevision } from '../revisions/revisions.ts';
import { ComponentFailure } from './failure.ts';
import type { RolloutRun } from './run.ts';
import { type Undone, undo } from './undo.ts';

/** What went wrong, with what the user has to know of it. */
type Trouble = {
  readonly message: string;
  readonly component?: ComponentName;
  readonly details: readonly string[];
  readonly next: string;
  readonly interrupted: boolean;
  readonly timedOut: boolean;
  readonly cause: unknown;
};

/** Goes back, or leaves it where that was asked for, and always throws what the user reads. */
export async function giveUp(run: RolloutRun, thrown: unknown): Promise<never> {
  const trouble = troubleOf(run, thrown);
  if (run.options.noRollback === true && !trouble.interrupted) return leave(run, trouble);
  const { number } = run.revision;
  let undone: Undone;
  try {
    undone = await undo(run, { ...(trouble.component && { component: trouble.component }), reason: trouble.message });
  } catch (cause) {
    // The journal stays: the next start of agent or command tries again.
    throw new OperationError(`${trouble.message}; and going back failed: ${messageOf(cause)}`, {
      cause,
      details: trouble.details,
      hint: `${trouble.next}; the next start of the agent, init or apply goes on with going back`,
    });
  }
  await end(run, 'rolled-back', trouble.message);
  const bad = undone.problems;
  if (bad.length > 0) {
    throw new OperationError(
      `${trouble.message}; everything is as before revision ${number}, but not healthy: ${bad.join('; ')}`,
      hinted(trouble),
    );
  }
  if (undone.unhealthyBefore.length > 0) {
    const names = undone.unhealthyBefore.join(', ');
    const message = `${trouble.message}; everything is as before revision ${number}, when ${names} was not healthy either`;
    throw trouble.timedOut ? new TimeoutError(message, hinted(trouble)) : new OperationError(message, hinted(trouble));
  }
  if (trouble.interrupted) throw new InterruptedError(`${trouble.message}; everything is as it was, and healthy`);
  throw new RolledBackError(`${trouble.message}; what was there before is back, and healthy`, hinted(trouble));
}

function hinted({ details, next, cause }: Trouble) {
  return { details, hint: next, cause };
}

async function leave(run: RolloutRun, trouble: Trouble): Promise<never> {
  await end(run, 'failed', trouble.message);
  throw new OperationError(`${trouble.message}; it is left so, as --no-rollback says`, {
    details: trouble.details,
    hint: `${trouble.next}; or go back: bootstrap rollback`,
  });
}

async function end(run: RolloutRun, result: 'failed' | 'rolled-back', reason: string): Promise<void> {
  const { context, revision, timer, journal } = run;
  const finishedAt = new Date(context.clock.now()).toISOString();
  const { number } = revision;
  try {
    await endRevision(context.host, context.paths.revisionsDir, {
      number,
      result,
      finishedAt,
      reason,
      timings: timer.timings,
    });
    await journal.end();
  } catch (cause) {
    // The journal stays: whoever recovers undoes what is undone already.
    throw new OperationError(`${reason}; and revision ${number} could not be ended as ${result}`, { cause });
  }
}

function troubleOf({ context }: RolloutRun, thrown: unknown): Trouble {
  const base = {
    details: [],
    next: 'correct the cause, then apply it again',
    interrupted: false,
    timedOut: false,
    cause: thrown,
  };
  if (context.signal.aborted) return { ...base, message: 'interrupted', interrupted: true };
  if (thrown instanceof ComponentFailure) {
    const { message, component, details, next, timedOut } = thrown;
    return { ...base, message, component, details, next, timedOut, cause: undefined };
  }
  if (thrown instanceof BootstrapError) {
    const details = 'details' in thrown ? (thrown.details as readonly string[]) : [];
    return { ...base, message: messageOf(thrown), details, ...(thrown.hint !== undefined && { next: thrown.hint }) };
  }
  return { ...base, message: messageOf(thrown) };
}
