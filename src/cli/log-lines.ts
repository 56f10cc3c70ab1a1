import { lastLogLines as lastLines } from '../agent/logs/last-lines.ts';
import { podPaths } from '../agent/pod-paths.ts';
import type { Paths } from '../config/paths.ts';
import type { HostFiles } from '../host/host.ts';
import type { Pod } from '../kube/types.ts';

/** The log files of a container by attempt, oldest first. */
export async function logFiles(
  host: Pick<HostFiles, 'list'>,
  paths: Paths,
  { pod, container }: { readonly pod: Pod; readonly container: string },
): Promise<readonly string[]> {
  const { name, namespace, uid = '' } = pod.metadata;
  const at = podPaths(paths, { name, namespace, uid });
  const names = (await host.list(at.containerLogDir(container))) ?? [];
  const attempts = names.flatMap((file) => (/^\d+\.log$/.test(file) ? [Number.parseInt(file, 10)] : []));
  return attempts.sort((a, b) => a - b).map((attempt) => at.containerLog(container, attempt));
}

/** The last lines that a container wrote: of its newest attempt that wrote any. */
export async function lastLogLines(
  host: Pick<HostFiles, 'list' | 'readFile'>,
  from: { readonly paths: Paths; readonly pod: Pod; readonly container: string; readonly count: number },
): Promise<readonly string[]> {
  for (const file of (await logFiles(host, from.paths, from)).toReversed()) {
    const lines = await lastLines(host, file, from.count);
    if (lines.length > 0) return lines;
  }
  return [];
}
