import { dirname } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { HostFiles } from '../../host/host.ts';

type LinkFiles = Pick<HostFiles, 'makeDirectory' | 'makeSymlink' | 'readLink' | 'remove'>;

/**
 * Points `/var/log/pods/…/N.log` to Docker's own file; other log drivers than json-file have none. The container runs
 * by now: a full or read-only /var/log costs only the link, which is said.
 */
export async function linkLog(
  { host, log }: { readonly host: LinkFiles; readonly log: Log },
  logPath: string,
  target: () => Promise<string>,
): Promise<void> {
  if (logPath === '') return;
  try {
    const dockerLogPath = await target();
    const present = await host.readLink(logPath).catch(() => undefined);
    if (dockerLogPath === '' || present === dockerLogPath) return;
    await host.makeDirectory(dirname(logPath));
    await host.remove(logPath);
    await host.makeSymlink(dockerLogPath, logPath);
  } catch (thrown) {
    log.warn(`${logPath} cannot be made: ${messageOf(thrown)}`);
  }
}

/** Takes the link away again, unless it points to another container's file by now. */
export async function unlinkLog(
  files: Pick<HostFiles, 'readLink' | 'remove'>,
  logPath: string,
  containerId: string,
): Promise<void> {
  if (logPath === '') return;
  const present = await files.readLink(logPath).catch(() => undefined);
  if (present?.includes(containerId)) await files.remove(logPath);
}
