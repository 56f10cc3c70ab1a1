import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { hasCode } from '../base/errors.ts';
import { statFields } from './proc-stat.ts';

type Row = {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly dead: boolean;
};

/** Who forks while being killed is found in the next round. */
const rounds = 10;
const betweenRoundsMs = 10;

/**
 * Kills a process, all that descends from it and all of the session it leads; resolves when none of them runs any more,
 * or after a tenth of a second. Throws EPERM when they belong to somebody else.
 */
export async function killTree(root: number): Promise<void> {
  const tree = new Set([root]);
  for (let round = 0; round < rounds; round++) {
    const living = (await membersOf(tree, root)).filter(({ dead }) => !dead);
    if (living.length === 0) return;
    for (const { pid } of living) kill(pid);
    await wait(betweenRoundsMs);
  }
}

/** Adds to `tree` whoever belongs to it now. */
async function membersOf(tree: Set<number>, root: number): Promise<readonly Row[]> {
  const rows = await processes();
  for (let before = -1; before !== tree.size; ) {
    before = tree.size;
    for (const { pid, parent, session } of rows) if (session === root || tree.has(parent)) tree.add(pid);
  }
  return rows.filter(({ pid }) => tree.has(pid));
}

async function processes(): Promise<readonly Row[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const rows = await Promise.all(
    names.map(async (name): Promise<Row[]> => {
      try {
        const stat = await readFile(`/proc/${name}/stat`, 'latin1');
        const [state = '', parent, , session] = statFields(stat);
        return [{ pid: Number(name), parent: Number(parent), session: Number(session), dead: 'ZX'.includes(state) }];
      } catch {
        // Gone meanwhile.
        return [];
      }
    }),
  );
  return rows.flat();
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (thrown) {
    if (!hasCode(thrown, 'ESRCH')) throw thrown;
  }
}
