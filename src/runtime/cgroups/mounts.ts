import { join } from 'node:path';
import type { HostFiles } from '../../host/host.ts';

/** Where the machine's control groups are (cgroups(7)): one tree for each controller, or a single one. */
export type CgroupMounts =
  | { readonly version: 1; readonly directories: readonly string[]; readonly byController: ReadonlyMap<string, string> }
  | { readonly version: 2; readonly directory: string };

/** Read from /proc/self/mountinfo (proc(5)); undefined when no control groups are to be seen. */
export async function findCgroupMounts(files: Pick<HostFiles, 'readText'>): Promise<CgroupMounts | undefined> {
  return decodeCgroupMounts((await files.readText('/proc/self/mountinfo')) ?? '');
}

export function decodeCgroupMounts(mountinfo: string): CgroupMounts | undefined {
  const mounts = mountinfo.split('\n').flatMap((line) => {
    // `36 35 98:0 /root /mount/point options [tags] - type source super,options`
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root, directory = ''] = left.split(' ');
    const [type = '', , options = ''] = right.split(' ');
    // Seen from inside a container only a part is mounted: paths would mean something else there.
    return root === '/' && type.startsWith('cgroup') ? [{ type, directory, options: options.split(',') }] : [];
  });
  const trees = mounts.filter(({ type }) => type === 'cgroup');
  const byController = new Map(trees.flatMap(({ directory, options }) => options.map((name) => [name, directory])));
  if (byController.has('memory') || byController.has('cpu')) {
    return { version: 1, directories: mounts.map(({ directory }) => directory), byController };
  }
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  return unified && { version: 2, directory: unified.directory };
}

/** The directories that make up one control group. */
export function groupDirectories(mounts: CgroupMounts, path: string): readonly string[] {
  const roots = mounts.version === 1 ? mounts.directories : [mounts.directory];
  return roots.map((root) => join(root, path));
}

/** The directory of a group where this controller's files are; undefined when the machine has no such controller. */
export function controllerDirectory(mounts: CgroupMounts, controller: string, path: string): string | undefined {
  if (mounts.version === 2) return join(mounts.directory, path);
  const root = mounts.byController.get(controller);
  return root === undefined ? undefined : join(root, path);
}
