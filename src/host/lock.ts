import { dirname } from 'node:path';
import { PreflightError } from '../base/errors.ts';
import type { Host, ProcessIdentity } from './host.ts';

type LockHost = Pick<
  Host,
  'readText' | 'createFile' | 'makeDirectory' | 'rename' | 'remove' | 'identify' | 'pid' | 'randomBytes'
>;

/** A lock that is held: by whom, and how to let go. */
export type HeldLock = { readonly holder: ProcessIdentity; release(): Promise<void> };

/** The living process that holds the lock; undefined when nobody does, whatever a killed one left behind. */
export async function lockHolder(
  host: Pick<Host, 'readText' | 'identify'>,
  path: string,
): Promise<ProcessIdentity | undefined> {
  const written = parseHolder(await host.readText(path));
  if (written === undefined) return undefined;
  const living = await host.identify(written.pid);
  return living?.startTicks === written.startTicks ? living : undefined;
}

/**
 * Takes the lock file for this process, or throws `PreflightError` that names the pid of its holder. `what` is the
 * holder in words (`a static pod agent`). The holder is a pid with its start time, so kill -9 leaves nothing stuck.
 */
export async function takeLock(host: LockHost, path: string, what: string): Promise<HeldLock> {
  await host.makeDirectory(dirname(path), { mode: 0o700 });
  const holder = await host.identify(host.pid);
  if (holder === undefined) throw new Error(`this process (pid ${host.pid}) is not in /proc`);
  const text = `${holder.pid} ${holder.startTicks}\n`;
  for (let attempt = 0; attempt < 20; attempt++) {
    if (await host.createFile(path, text, { mode: 0o600 })) return { holder, release: () => release(host, path, text) };
    const other = await lockHolder(host, path);
    if (other !== undefined) throw held(what, other.pid, path);
    await removeStale(host, path);
  }
  throw new PreflightError(`the lock ${path} could not be taken: others keep taking it`, { hint: 'try again' });
}

function held(what: string, pid: number, path: string): PreflightError {
  return new PreflightError(`${what} runs already for this root directory: pid ${pid} holds ${path}`, {
    hint: `use that one, or end it first: kill ${pid}`,
  });
}

/** Moves the stale file aside first: whoever else does the same at this moment must not remove a fresh lock. */
async function removeStale(host: LockHost, path: string): Promise<void> {
  const aside = `${path}.${Buffer.from(host.randomBytes(6)).toString('hex')}`;
  try {
    await host.rename(path, aside);
  } catch {
    return;
  }
  const text = await host.readText(aside);
  if (text !== undefined && (await lockHolder(host, aside)) !== undefined) {
    await host.createFile(path, text, { mode: 0o600 });
  }
  await host.remove(aside);
}

async function release(host: LockHost, path: string, text: string): Promise<void> {
  if ((await host.readText(path)) === text) await host.remove(path);
}

function parseHolder(text: string | undefined): ProcessIdentity | undefined {
  const [, pid, startTicks] = /^(\d+) (\d+)\s*$/.exec(text ?? '') ?? [];
  return pid === undefined || startTicks === undefined ? undefined : { pid: Number(pid), startTicks };
}
