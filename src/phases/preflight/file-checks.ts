import { join } from 'node:path';
import { componentNames } from '../../health/manifest-files.ts';
import type { Check, CheckContext, Problem } from './check.ts';
import { belowRoot, checkNameOf } from './check.ts';

/** Files and directories that must be free, or ours. */
export const fileChecks: readonly Check[] = [
  {
    name: 'FileAvailable',
    run: async (context) => {
      const problems = await Promise.all(componentNames.map((component) => foreignManifest(context, component)));
      return problems.flat();
    },
  },
  { name: 'DirAvailable', run: foreignData },
];

async function foreignManifest(context: CheckContext, component: string): Promise<readonly Problem[]> {
  const { host, paths, config, own } = context;
  if (component === 'etcd' && config.cluster.etcd.local === undefined) return [];
  const path = join(paths.manifestsDir, `${component}.yaml`);
  if ((await host.stat(path)) === undefined || own.made.some((entry) => entry.path === path)) return [];
  return [
    {
      name: checkNameOf('FileAvailable', belowRoot(path, paths.root)),
      message: `${path} is there and not made by bootstrap: it may belong to another control plane`,
      hint: 'move it away, or take it over with --ignore-preflight-errors and this name',
    },
  ];
}

async function foreignData({ host, paths, config, own }: CheckContext): Promise<readonly Problem[]> {
  if (config.cluster.etcd.local === undefined) return [];
  const names = await host.list(paths.etcdDataDir);
  const ours = own.made.some(({ path, kind }) => path === paths.etcdDataDir && kind === 'contents');
  // A file system of its own has this directory from the start.
  if (ours || names === undefined || names.every((name) => name === 'lost+found')) return [];
  return [
    {
      name: checkNameOf('DirAvailable', belowRoot(paths.etcdDataDir, paths.root)),
      message: `${paths.etcdDataDir} is not empty: it holds the data of another cluster, or of an earlier one`,
      hint: 'move it away, or choose another directory with etcd.local.dataDir',
    },
  ];
}
