import type { HostFiles } from '../../host/host.ts';
import { podPaths } from '../home/pod-paths.ts';

type Roots = Parameters<typeof podPaths>[0];
type Pod = Parameters<typeof podPaths>[1];

/** A file that one attempt of a container wrote. */
export type AttemptLog = { readonly attempt: number; readonly path: string };

/** The logs of a container by attempt, oldest first. */
export async function attemptLogs(
  host: Pick<HostFiles, 'list'>,
  roots: Roots,
  { pod, container }: { readonly pod: Pod; readonly container: string },
): Promise<readonly AttemptLog[]> {
  const at = podPaths(roots, pod);
  const names = (await host.list(at.containerLogDir(container))) ?? [];
  const attempts = names.flatMap((file) => (/^\d+\.log$/.test(file) ? [Number.parseInt(file, 10)] : []));
  return attempts.sort((a, b) => a - b).map((attempt) => ({ attempt, path: at.containerLog(container, attempt) }));
}
