import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { lockHolder } from '../../host/lock.ts';
import { removeStaleTemporaries } from '../../host/stale-temporaries.ts';
import { restoreFiles } from '../revisions/kept-files.ts';
import type { Revision } from '../revisions/revision.ts';
import { readReplaced, readRevision } from '../revisions/revision-files.ts';
import { endRevision } from '../revisions/revisions.ts';
import { type JournalEntry, journalFile, readJournal } from './journal.ts';
import { rolloutLockFile, takeRolloutLock } from './rollout-lock.ts';

/** What the disk says of the revision that a journal is about; undefined when it was never written. */
export type RecoveryDisk = { readonly revision: Pick<Revision, 'number' | 'result'> | undefined };

export type RecoveryPlan = {
  /** `nothing`: no apply was cut off. `forget`: only the journal is left. `finish`: new is right. `undo`: old is. */
  readonly do: 'nothing' | 'forget' | 'finish' | 'undo';
  readonly because: string;
};

/**
 * Which of old and new is right after an apply was cut off. New only when every component had passed its gate; in any
 * other case all goes back, however much of it was done. What is finished may still lack objects in the cluster.
 */
export function planRecovery(journal: JournalEntry | undefined, { revision }: RecoveryDisk): RecoveryPlan {
  if (journal === undefined) return { do: 'nothing', because: 'no change was cut off' };
  const what = `${journal.command} of ${journal.startedAt}`;
  if (revision === undefined) return { do: 'forget', because: `${what} ended before it changed anything` };
  if (revision.result === 'good' && journal.step === 'commit') {
    return { do: 'finish', because: `${what} was cut off when only objects in the cluster remained` };
  }
  if (revision.result !== 'unfinished') return { do: 'forget', because: `${what} had ended: ${revision.result}` };
  if (journal.step === 'commit') return { do: 'finish', because: `${what} ended when every component was healthy` };
  const where = journal.component === undefined ? journal.step : `${journal.step} of ${journal.component}`;
  const reason = journal.reason === undefined ? '' : `: ${journal.reason}`;
  return { do: 'undo', because: `${what} was cut off at ${where}${reason}` };
}

export type Recovery = RecoveryPlan & {
  readonly revision?: number;
  /** The files that have their old content again. */
  readonly restored: readonly string[];
  /** When the change began that was cut off, RFC 3339: what started since may have read what is gone. */
  readonly since?: string;
};

type RecoveryHost = Pick<
  Host,
  'readFile' | 'readText' | 'stat' | 'list' | 'writeFile' | 'remove' | 'makeDirectory' | 'rename' | 'identify'
>;

/**
 * Finishes or undoes what an apply that was cut off has left; may itself be cut off and run again. Needs the lock of
 * rollouts. The manifests that it puts back are then brought up by the agent like any others.
 */
export async function recover(
  host: RecoveryHost,
  paths: Pick<Paths, 'stateDir' | 'revisionsDir'>,
  clock: Clock,
): Promise<Recovery> {
  const { revisionsDir } = paths;
  const journal = await readJournal(host, paths);
  const revision = journal && (await readRevision(host, revisionsDir, journal.to));
  const plan = planRecovery(journal, { revision });
  const ended = { number: revision?.number ?? 0, finishedAt: new Date(clock.now()).toISOString() };
  let restored: readonly string[] = [];
  if (plan.do === 'finish' && revision?.result === 'unfinished')
    await endRevision(host, revisionsDir, { ...ended, result: 'good' });
  if (plan.do === 'undo' && revision !== undefined) {
    await removeStaleTemporaries(host, [...new Set(revision.replaced.map(({ path }) => dirname(path)))]);
    restored = await restoreFiles(host, (await readReplaced(host, revisionsDir, revision)).toReversed());
    await endRevision(host, revisionsDir, { ...ended, result: 'rolled-back', reason: plan.because });
  }
  // Whatever stands in it: what is no journal of ours must not stop the next apply.
  await host.remove(journalFile(paths));
  const since = journal === undefined ? {} : { since: journal.startedAt };
  return { ...plan, restored, ...since, ...(revision === undefined ? {} : { revision: revision.number }) };
}

/**
 * What the start of any command or agent does: recovers a change that was cut off, and leaves one alone that is under
 * way. Costs one look at the disk when there is nothing to do.
 */
export async function recoverUnlessBusy(
  host: RecoveryHost & Parameters<typeof takeRolloutLock>[0],
  paths: Pick<Paths, 'stateDir' | 'revisionsDir' | 'runDir'>,
  clock: Clock,
): Promise<Recovery> {
  if ((await host.stat(journalFile(paths))) === undefined) return { ...planRecovery(undefined, none), restored: [] };
  const holder = await lockHolder(host, rolloutLockFile(paths));
  if (holder !== undefined) return { do: 'nothing', because: `pid ${holder.pid} is at it`, restored: [] };
  const lock = await takeRolloutLock(host, paths);
  try {
    return await recover(host, paths, clock);
  } finally {
    await lock.release();
  }
}

const none: RecoveryDisk = { revision: undefined };
