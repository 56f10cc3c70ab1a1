import type { Finding } from '../../base/diagnostics.ts';
import type { ComponentManifest } from '../../health/manifest-files.ts';
import type { RecordEntry } from '../../host/recording-host.ts';
import type { InitContext } from '../context.ts';

/** What the checks know of an earlier `init` in the same place: a second one converges. */
export type OwnPlane = {
  readonly manifests: readonly ComponentManifest[];
  /** Components whose containers run now. */
  readonly running: ReadonlySet<string>;
  readonly made: readonly RecordEntry[];
  readonly agentRuns: boolean;
};

export type CheckContext = InitContext & { readonly own: OwnPlane };

/** One thing wrong, before the name of its check is put on it. */
export type Problem = {
  readonly message: string;
  readonly hint?: string;
  readonly severity?: Finding['severity'];
  /** When one row makes checks of several names: `Port-6443`. */
  readonly name?: string;
};

/** A row of the table of checks. `name` is what `--ignore-preflight-errors` takes, as kubeadm's where it has one. */
export type Check = {
  readonly name: string;
  readonly run: (context: CheckContext) => Promise<readonly Problem[]> | readonly Problem[];
};

/** `DirAvailable` and `/var/lib/etcd` → `DirAvailable--var-lib-etcd` (kubeadm preflight/checks.go). */
export function checkNameOf(kind: string, path: string): string {
  return `${kind}-${path.replaceAll('/', '-')}`;
}

/** The path as it is configured, without the root directory: names of checks do not change with it. */
export function belowRoot(path: string, root: string): string {
  return root !== '/' && path.startsWith(`${root}/`) ? path.slice(root.length) : path;
}
