import { join } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { KnownPod } from '../admission/admissions.ts';
import { clearLogLinks } from '../logs/clear-log-links.ts';
import type { PodsByKey } from '../observe/pod-listing.ts';
import type { StartDoors } from '../turn/start-container.ts';
import { clearOrphanedPods } from '../volumes/orphans.ts';

type Doors = Pick<StartDoors, 'host' | 'clock' | 'paths' | 'states' | 'log'>;

/**
 * Clears away what is kept for pods that are neither wanted nor there: an agent may be killed while it removes one.
 * `known` is asked again for each, since pods may come meanwhile. Nothing waits for this; never throws.
 */
export async function clearLeftovers(doors: Doors, known: () => Iterable<KnownPod>, listed: PodsByKey): Promise<void> {
  const { host, paths, states, log } = doors;
  const there = new Set([...listed.values()].flat().map(({ pod }) => pod.uid));
  const kept = { has: (uid: string) => there.has(uid) || isKnown(known(), uid) };
  states.keepOnly(kept);
  try {
    await clearOrphanedPods(host, join(paths.kubeletDir, 'pods'), kept);
  } catch (thrown) {
    log.warn(`what a pod left behind cannot be removed: ${messageOf(thrown)}`);
  }
  await clearLogLinks(doors);
}

function isKnown(known: Iterable<KnownPod>, uid: string): boolean {
  for (const { desired, lastDesired, observed } of known) {
    if (desired?.uid === uid || lastDesired?.uid === uid || observed.some(({ pod }) => pod.uid === uid)) return true;
  }
  return false;
}
