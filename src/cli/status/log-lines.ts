import { lastLogLines as lastLines } from '../../agent/logs/last-lines.ts';
import { attemptLogs } from '../../agent/logs/log-files.ts';
import type { Paths } from '../../config/paths.ts';
import type { HostFiles } from '../../host/host.ts';
import type { Pod } from '../../kube/types.ts';
import type { PodIdentity } from '../../runtime/runtime.ts';

/** The log files of a container by attempt, oldest first. */
export async function logFiles(
  host: Pick<HostFiles, 'list'>,
  paths: Paths,
  { pod, container }: { readonly pod: { readonly identity: PodIdentity }; readonly container: string },
): Promise<readonly string[]> {
  const logs = await attemptLogs(host, paths, { pod: pod.identity, container });
  return logs.map(({ path }) => path);
}

/** The last lines that a container wrote: of its newest attempt that wrote any. */
export async function lastLogLines(
  host: Pick<HostFiles, 'list' | 'readFile'>,
  from: { readonly paths: Paths; readonly pod: Pod; readonly container: string; readonly count: number },
): Promise<readonly string[]> {
  const { name, namespace, uid = '' } = from.pod.metadata;
  const which = { pod: { identity: { name, namespace, uid } }, container: from.container };
  for (const file of (await logFiles(host, from.paths, which)).toReversed()) {
    const lines = await lastLines(host, file, from.count);
    if (lines.length > 0) return lines;
  }
  return [];
}
