import { join } from 'node:path';
import type { HostFiles } from '../../host/host.ts';
import { removeUnmounted } from '../../host/mount-points.ts';
import { volumePlaces } from './volume-places.ts';

/**
 * Clears away the directories of our pods that are neither desired nor there, as an agent leaves them that is killed
 * while it removes a pod. `known`: the UIDs to keep. Returns what was removed; those of others (a kubelet) stay.
 */
export async function clearOrphanedPods(
  host: Parameters<typeof removeUnmounted>[0] & Pick<HostFiles, 'list'>,
  podsDir: string,
  known: Pick<ReadonlySet<string>, 'has'>,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const uid of (await host.list(podsDir)) ?? []) {
    const dir = join(podsDir, uid);
    if (known.has(uid) || (await host.stat(volumePlaces({ dir }).ownMark)) === undefined) continue;
    await removeUnmounted(host, dir);
    removed.push(dir);
  }
  return removed;
}
