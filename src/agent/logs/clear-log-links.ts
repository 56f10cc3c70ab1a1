import { join } from 'node:path';
import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { HostFiles } from '../../host/host.ts';

type Doors = {
  readonly host: Pick<HostFiles, 'list' | 'readLink' | 'stat' | 'remove'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly paths: { readonly containerLogsDir: string; readonly podLogsDir: string };
};

/** A log that is being rotated is away for a moment. */
const secondLookMs = 1000;

/**
 * Removes the links of `/var/log/containers` that lead into our directory of pods' logs and to no file any more, as the
 * kubelet does (kuberuntime_gc.go, evictPodLogsDirectories). Never throws: only collectors of logs need them.
 */
export async function clearLogLinks({ host, clock, log, paths }: Doors): Promise<void> {
  try {
    const links = ((await host.list(paths.containerLogsDir)) ?? []).map((name) => join(paths.containerLogsDir, name));
    const dangling = await filterAsync(links, (link) => isDangling(host, link, paths.podLogsDir));
    if (dangling.length === 0) return;
    await sleep(clock, secondLookMs);
    for (const link of dangling) {
      if (await isDangling(host, link, paths.podLogsDir)) await host.remove(link);
    }
  } catch (thrown) {
    log.warn(`dead links in ${paths.containerLogsDir} cannot be removed: ${messageOf(thrown)}`);
  }
}

async function isDangling(host: Doors['host'], link: string, podLogsDir: string): Promise<boolean> {
  const target = await host.readLink(link).catch(() => undefined);
  return target?.startsWith(`${podLogsDir}/`) === true && (await host.stat(link)) === undefined;
}

async function filterAsync<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<readonly T[]> {
  const passed = await Promise.all(items.map(test));
  return items.filter((_item, index) => passed[index]);
}
