import { join } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import { removeStaleTemporaries } from '../../host/stale-temporaries.ts';
import type { KnownPod } from '../admission/admissions.ts';
import { clearLogLinks } from '../logs/clear-log-links.ts';
import type { PodsByKey } from '../observe/pod-listing.ts';
import type { StartDoors } from '../turn/start-container.ts';
import { clearOrphanedPods } from '../volumes/orphans.ts';
import type { AgentPaths } from './paths.ts';

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

/** What an agent left that was killed while it wrote. Never throws. */
export async function clearTemporaries({
  host,
  paths,
  log,
}: {
  readonly host: Pick<Host, 'list' | 'remove' | 'identify'>;
  readonly paths: Pick<AgentPaths, 'stateDir' | 'lastGoodDir' | 'kubeletDir'>;
  readonly log: Doors['log'];
}): Promise<void> {
  const { stateDir, lastGoodDir, kubeletDir } = paths;
  const pods = join(kubeletDir, 'pods');
  try {
    const uids = (await host.list(pods)) ?? [];
    const ofPods = uids.map((uid) => join(pods, uid));
    await removeStaleTemporaries(host, [stateDir, join(stateDir, 'pods'), lastGoodDir, ...ofPods]);
  } catch (thrown) {
    log.warn(`what an agent left half written cannot be removed: ${messageOf(thrown)}`);
  }
}

function isKnown(known: Iterable<KnownPod>, uid: string): boolean {
  for (const { desired, lastDesired, observed } of known) {
    if (desired?.uid === uid || lastDesired?.uid === uid || observed.some(({ pod }) => pod.uid === uid)) return true;
  }
  return false;
}
