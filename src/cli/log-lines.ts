import { podPaths } from '../agent/home/pod-paths.ts';
import { lastLogLines as lastLines } from '../agent/logs/last-lines.ts';
import type { Paths } from '../config/paths.ts';
import type { HostFiles } from '../host/host.ts';
import type { Pod } from '../kube/types.ts';
import type { PodIdentity } from '../runtime/runtime.ts';

/** The log files of a container by attempt, oldest first. */
export async function logFiles(
  host: Pick<HostFiles, 'list'>,
  paths: Paths,
  { pod, container }: { readonly pod: { readonly identity: PodIdentity }; readonly container: string },
): Promise<readonly string[]> {
  const at = podPaths(paths, pod.identity);
  const names = (await host.list(at.containerLogDir(container))) ?? [];
  const attempts = names.flatMap((file) => (/^\d+\.log$/.test(file) ? [Number.parseInt(file, 10)] : []));
  return attempts.sort((a, b) => a - b).map((attempt) => at.containerLog(container, attempt));
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
