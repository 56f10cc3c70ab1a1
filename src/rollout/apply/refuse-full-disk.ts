import { PreflightError } from '../../base/errors.ts';
import type { RolloutContext } from './context.ts';

const mib = 2 ** 20;
/** The new revision, what it replaces, and all of that once more should it have to come back. */
const leastFreeBytes = 32 * mib;

/**
 * A change that ends half way on a full disk could not even be undone. Throws PreflightError, with nothing touched, where
 * a disk that it writes to is nearly full.
 */
export async function refuseFullDisk({ host, paths }: Pick<RolloutContext, 'host' | 'paths'>): Promise<void> {
  const places = [paths.stateDir, paths.manifestsDir, paths.certificatesDir];
  for (const place of places) {
    if ((await host.stat(place)) === undefined) continue;
    const free = await host.freeBytes(place);
    if (free >= leastFreeBytes) continue;
    const message = `${place} has ${Math.floor(free / mib)} MiB free, a change needs ${leastFreeBytes / mib} MiB to be safe; nothing was touched`;
    throw new PreflightError(message, { hint: 'free some space (df -h), then apply again' });
  }
}
