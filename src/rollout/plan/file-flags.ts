import type { Pod } from '../../kube/types.ts';
import { type CommandLine, commandOf, flagValue } from '../../manifests/command-line.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { type Reload, type ReloadRow, reloadTable } from './reload-table.ts';

/** A file that a flag of a component names: where it is on the host, and whether the component notices a change. */
export type FileFlag = { readonly flag: string; readonly path: string; readonly reload: Reload };

/** The files that the component's flags name, by the table of what is taken up live. */
export function fileFlags(component: ComponentName, pod: Pod): readonly FileFlag[] {
  const line = commandOf(pod);
  return reloadTable
    .filter((row) => row.component === component)
    .flatMap((row) =>
      pathsOf(line, row).map((path) => ({ flag: row.flag, path: onHost(pod, path), reload: reloadOf(line, row) })),
    );
}

function pathsOf(line: CommandLine, { flag }: ReloadRow): readonly string[] {
  const values = line.flags.get(flag) ?? [];
  return values.flatMap((value) => value.split(/[,:]/)).filter((path) => path.startsWith('/'));
}

function reloadOf(line: CommandLine, { reload, liveWith }: ReloadRow): Reload {
  return liveWith !== undefined && flagValue(line, liveWith) === 'true' ? 'live' : reload;
}

/** Where a path of the container is on the host: below the longest mount that holds it. */
export function onHost(pod: Pod, path: string): string {
  const mounts = (pod.spec.containers[0]?.volumeMounts ?? []).filter(
    ({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`),
  );
  const [mount] = mounts.toSorted((a, b) => b.mountPath.length - a.mountPath.length);
  const source = pod.spec.volumes?.find(({ name }) => name === mount?.name)?.hostPath?.path;
  return mount === undefined || source === undefined ? path : `${source}${path.slice(mount.mountPath.length)}`;
}
