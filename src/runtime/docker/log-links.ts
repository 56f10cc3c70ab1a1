import { dirname } from 'node:path';
import type { HostFiles } from '../../host/host.ts';

type LinkFiles = Pick<HostFiles, 'makeDirectory' | 'makeSymlink' | 'readLink' | 'remove'>;

/** Points `/var/log/pods/…/N.log` to Docker's own file; other log drivers than json-file have none. */
export async function linkLog(files: LinkFiles, logPath: string, dockerLogPath: string): Promise<void> {
  if (dockerLogPath === '' || logPath === '') return;
  const present = await files.readLink(logPath).catch(() => undefined);
  if (present === dockerLogPath) return;
  await files.makeDirectory(dirname(logPath));
  await files.remove(logPath);
  await files.makeSymlink(dockerLogPath, logPath);
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
