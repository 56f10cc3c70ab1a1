import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureDirectory, stampsDirectory } from './cache.ts';

export type Holder = { readonly pid: number; readonly startTime: string; readonly since: string };

/** Runs `work` while no other process builds; waits for one that does, and says for whom. */
export async function withLock<T>(
  onWait: (holder: Holder) => void,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const lock = join(ensureDirectory(stampsDirectory()), 'build.lock');
  let waitingFor = 0;
  for (let holder = tryLock(lock); holder; holder = tryLock(lock)) {
    if (holder.pid !== waitingFor) onWait(holder);
    waitingFor = holder.pid;
    await delay(500, undefined, signal ? { signal } : {});
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Takes the lock, or returns who has it. Content and name appear together, because a link is made to a finished file. */
function tryLock(lock: string): Holder | undefined {
  const own = `${lock}.${process.pid}`;
  const me: Holder = {
    pid: process.pid,
    startTime: processStartTime(process.pid) ?? '',
    since: new Date().toISOString(),
  };
  writeFileSync(own, JSON.stringify(me));
  try {
    linkSync(own, lock);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(own, { force: true });
  }
  const holder = readHolder(lock);
  if (holder && processStartTime(holder.pid) === holder.startTime) return holder;
  return takeAway(lock) ?? tryLock(lock);
}

/**
 * Moves a dead holder's lock aside. Should two do so at once, the later one may have moved a living lock: it puts it back.
 * Were that to fail as well, two builds would run at once, which costs time but harms nothing, as outputs appear by rename.
 */
function takeAway(lock: string): Holder | undefined {
  const aside = `${lock}.dead.${process.pid}`;
  try {
    renameSync(lock, aside);
    const moved = readHolder(aside);
    if (!moved || processStartTime(moved.pid) !== moved.startTime) return undefined;
    linkSync(aside, lock);
    return moved;
  } catch {
    return undefined;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readHolder(lock: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** A pid alone may have been given to another process: proc(5) field 22 tells them apart. */
function processStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
