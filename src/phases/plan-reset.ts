import { dirname } from 'node:path';
import type { Paths } from '../config/paths.ts';
import type { RecordEntry } from '../host/recording-host.ts';
import { temporaryName } from '../host/stale-temporaries.ts';

export const madeFileName = 'made.jsonl';
export const initLockName = 'init.lock';

/** What `init`, the agent and the runtimes keep in the state directory, besides `made.jsonl`, which goes last. */
const stateNames =
  /^(containers|canary|flags|last-good|revisions|snapshots|pods|images|agent\.yaml|agent\.log(\.\d+)?|owner|rollout\.json|claims\.json|hand-edits|runtime|tcp-migrate-req|init\.lock(\.[0-9a-f]+)?)$/;
/** Certificates that the agent keeps for itself, as a kubelet does. */
const kubeletPkiNames = /^(kubelet\.(crt|key)|kubelet-(client|server)-[\w-]+\.pem(\.new)?)$/;
const runNames = /^(agent\.sock.*|(agent|rollout)\.lock.*|agent\.pid|start\.json)$/;

/** What was found of one recorded or known path. */
export type FoundPath = {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'other';
  /** Of a file that the record holds. */
  readonly sha256?: string;
};

export type ResetAction = {
  readonly path: string;
  readonly do: 'remove' | 'remove-tree' | 'remove-contents' | 'leave';
  readonly because: string;
};

/**
 * What of the files goes and what stays. A file goes when it is as we wrote it; a manifest of ours also when it was
 * edited since, else the next agent would start it again. Directories are another step: those left empty go.
 */
export function planFiles(
  entries: readonly RecordEntry[],
  found: ReadonlyMap<string, FoundPath>,
  paths: Pick<Paths, 'manifestsDir' | 'kubernetesDir'>,
): readonly ResetAction[] {
  const byPath = Map.groupBy(entries, ({ path }) => path);
  return [...byPath].flatMap(([path, made]): readonly ResetAction[] => {
    const there = found.get(path);
    if (there === undefined) return [];
    if (made.some(({ kind }) => kind === 'contents')) {
      return [{ path, do: 'remove-contents', because: 'the data of the etcd that init set up' }];
    }
    if (there.kind === 'directory') return [];
    if (made.some(({ kind }) => kind === 'symlink')) return [{ path, do: 'remove', because: 'made by init' }];
    const asWritten = made.some((entry) => entry.kind === 'file' && entry.sha256 === there.sha256);
    if (asWritten) return [{ path, do: 'remove', because: 'made by init' }];
    if (dirname(path) === paths.manifestsDir) {
      return [{ path, do: 'remove', because: 'made by init, edited since' }];
    }
    return [{ path, do: 'leave', because: 'changed since init made it' }];
  });
}

/** What the agent and the runtimes made in our own directories, by their names; others' files there stay. */
export function planOwnDirectories(
  listed: Readonly<Record<'stateDir' | 'runDir' | 'kubeletPki', readonly string[]>>,
  paths: Pick<Paths, 'stateDir' | 'runDir' | 'kubeletDir'>,
): readonly ResetAction[] {
  const actions = (directory: string, names: readonly string[], known: RegExp): readonly ResetAction[] =>
    names
      .filter((name) => known.test(name) || temporaryName.test(name))
      .map((name) => ({ path: `${directory}/${name}`, do: 'remove-tree', because: 'made by the agent' }));
  return [
    ...actions(paths.runDir, listed.runDir, runNames),
    ...actions(paths.stateDir, listed.stateDir, stateNames),
    ...actions(`${paths.kubeletDir}/pki`, listed.kubeletPki, kubeletPkiNames),
  ];
}

/** Directories to remove when they are empty in the end, deepest first. */
export function planDirectories(entries: readonly RecordEntry[], paths: Paths): readonly string[] {
  const made = entries.filter(({ kind }) => kind === 'directory').map(({ path }) => path);
  // The agent keeps no record; below a root directory of our own all that is empty can go.
  const own = paths.root === '/' ? [] : ownPaths(paths).flatMap((path) => ancestors(path, paths.root));
  const ours = [paths.stateDir, paths.runDir, `${paths.kubeletDir}/pki`];
  return [...new Set([...made, ...own, ...ours])].sort((a, b) => depth(b) - depth(a) || (a < b ? -1 : 1));
}

function ownPaths(paths: Paths): readonly string[] {
  return [
    paths.manifestsDir,
    paths.certificatesDir,
    `${paths.certificatesDir}/etcd`,
    paths.temporaryDir,
    paths.etcdDataDir,
    paths.kubeletDir,
    `${paths.kubeletDir}/pods`,
    `${paths.kubeletDir}/pki`,
    paths.stateDir,
    paths.runDir,
    paths.podLogsDir,
    paths.containerLogsDir,
    paths.networksDir,
    paths.networkLeasesDir,
  ];
}

/** The path and the directories above it, up to but without the root. */
function ancestors(path: string, root: string): readonly string[] {
  return path === root || !path.startsWith(`${root}/`) ? [] : [path, ...ancestors(dirname(path), root)];
}

function depth(path: string): number {
  return path.split('/').length;
}
