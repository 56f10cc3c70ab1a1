import { join } from 'node:path';
import { PreflightError } from '../../base/errors.ts';
import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { type HeldLock, lockHolder, takeLock } from '../../host/lock.ts';
import { type JournalEntry, readJournal } from './journal.ts';

type LockHost = Parameters<typeof takeLock>[0];

export function rolloutLockFile({ runDir }: Pick<Paths, 'runDir'>): string {
  return join(runDir, 'rollout.lock');
}

/**
 * One change of the control plane at a time: throws `PreflightError` that says who is at it. `others` are locks that
 * must not be held either, each with its holder in words.
 */
export async function takeRolloutLock(
  host: LockHost,
  paths: Pick<Paths, 'runDir' | 'stateDir'>,
  others: readonly { readonly file: string; readonly what: string }[] = [],
): Promise<HeldLock> {
  await refuseWhileRolling(host, paths);
  const lock = await takeLock(host, rolloutLockFile(paths), 'a change of the control plane');
  for (const { file, what } of others) {
    const other = await lockHolder(host, file);
    if (other === undefined || other.pid === host.pid) continue;
    await lock.release();
    throw new PreflightError(`${what} is at work here: pid ${other.pid}`, { hint: 'wait until it has ended' });
  }
  return lock;
}

/** Throws `PreflightError` that says who changes the control plane now, as far as the journal tells. */
export async function refuseWhileRolling(
  host: Pick<Host, 'readText' | 'identify' | 'pid'>,
  paths: Pick<Paths, 'runDir' | 'stateDir'>,
): Promise<void> {
  const holder = await lockHolder(host, rolloutLockFile(paths));
  if (holder === undefined) return;
  const journal = await readJournal(host, paths);
  const told = journal?.holder.pid === holder.pid ? `, ${entryText(journal)}` : '';
  throw new PreflightError(`a change of the control plane is under way: pid ${holder.pid}${told}`, {
    hint: 'wait until it has ended; bootstrap history shows it',
  });
}

/** What the journal says, in words: a change that goes on, or one that was cut off. Undefined when there is none. */
export async function changeUnderWay(
  host: Pick<Host, 'readText' | 'identify'>,
  paths: Pick<Paths, 'runDir' | 'stateDir'>,
): Promise<string | undefined> {
  const [holder, journal] = [await lockHolder(host, rolloutLockFile(paths)), await readJournal(host, paths)];
  if (journal === undefined) return undefined;
  const revision = `revision ${journal.to}, ${entryText(journal)}`;
  if (holder?.pid === journal.holder.pid) return `Under way: ${revision} (pid ${holder.pid}).`;
  return `Cut off: ${revision}. The next start of the agent, init or apply ${journal.step === 'commit' ? 'finishes' : 'undoes'} it.`;
}

/** `bootstrap apply by root since 10:11:12, now at gate of etcd` */
function entryText({ command, user, startedAt, step, component }: JournalEntry): string {
  return `${command} by ${user} since ${startedAt}, ${component === undefined ? `at ${step}` : `at ${step} of ${component}`}`;
}
