import { join } from 'node:path';
import type { Host, HostFiles } from '../host/host.ts';
import { removeStaleTemporaries } from '../host/stale-temporaries.ts';

/** `revision-12-20261123T034500Z.db`: what etcd held before revision 12 was made. */
const name = /^revision-([1-9]\d*)-\d{8}T\d{6}Z\.db$/;

export function snapshotName(revision: number, atMs: number): string {
  const time = new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return `revision-${revision}-${time}.db`;
}

/**
 * Which snapshots of rollouts may go: those of revisions that went, and the oldest of more than `keep`. What others put
 * there under names of their own stays.
 */
export function planPruneSnapshots(
  names: readonly string[],
  { keep, revisions }: { readonly keep: number; readonly revisions: readonly number[] },
): readonly string[] {
  const ours = names
    .flatMap((file) => {
      const [, revision] = name.exec(file) ?? [];
      return revision === undefined ? [] : [{ file, revision: Number(revision) }];
    })
    .sort((a, b) => b.revision - a.revision || (a.file < b.file ? 1 : -1));
  return ours
    .filter(({ revision }, index) => index >= Math.max(1, keep) || !revisions.includes(revision))
    .map(({ file }) => file);
}

/** Removes what is not kept, and what a write that was killed has left. */
export async function pruneSnapshots(
  host: Pick<HostFiles, 'list' | 'remove'> & Pick<Host, 'identify'>,
  directory: string,
  keep: { readonly keep: number; readonly revisions: readonly number[] },
): Promise<readonly string[]> {
  await removeStaleTemporaries(host, [directory]);
  const gone = planPruneSnapshots((await host.list(directory)) ?? [], keep);
  for (const file of gone) await host.remove(join(directory, file));
  return gone;
}
