import { join } from 'node:path';
import type { Host } from './host.ts';

/** `.NAME.PID.COUNT.tmp`, as node-files.ts names what it is about to rename. */
export const temporaryName = /^\..+\.(\d+)\.\d+\.tmp$/;

/** Removes what a write that was killed has left beside its file in these directories: its writer no longer lives. */
export async function removeStaleTemporaries(
  host: Pick<Host, 'list' | 'remove' | 'identify'>,
  directories: readonly string[],
): Promise<void> {
  for (const directory of directories) {
    for (const name of (await host.list(directory)) ?? []) {
      const pid = temporaryName.exec(name)?.[1];
      if (pid === undefined || (await host.identify(Number(pid))) !== undefined) continue;
      await host.remove(join(directory, name));
    }
  }
}
