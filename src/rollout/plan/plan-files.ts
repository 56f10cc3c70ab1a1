import type { Pod } from '../../kube/types.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { Change } from '../types.ts';
import { type FileFlag, fileFlags } from './file-flags.ts';

/** A file as it is now; `lastSha256` as the last good revision had it. Undefined: not there, or not known. */
export type FoundFileState = {
  readonly path: string;
  readonly sha256: string | undefined;
  readonly lastSha256?: string | undefined;
  readonly modifiedAtMs: number | undefined;
};

/** `live`: the component takes it up by itself. */
export type FileChange = { readonly change: Change; readonly live: boolean };

export type FileFacts = {
  readonly component: ComponentName;
  /** As it will run. */
  readonly pod: Pod;
  readonly certificatesDir: string;
  /** Only files that the component can read. */
  readonly files: readonly FoundFileState[];
  /** When the running container started; undefined when that is not known. */
  readonly startedAtMs: number | undefined;
  /** When the last good revision was written; undefined when there is none. */
  readonly revisionAtMs: number | undefined;
  /** Certificates and kubeconfigs that are issued anew, by path. */
  readonly reissued: ReadonlyMap<string, { readonly file: string; readonly because: string }>;
};

/** Files that have changed since the component read them, or will, and whether it must start again for that. */
export function planFileChanges(facts: FileFacts): readonly FileChange[] {
  const flags = Map.groupBy(fileFlags(facts.component, facts.pod), ({ path }) => path);
  const changed = facts.files
    .filter(({ path }) => !facts.reissued.has(path))
    .flatMap((file) => changedFile(file, flags.get(file.path) ?? [], facts));
  const anew = Map.groupBy(
    [...facts.reissued].flatMap(([path, reissue]) => (flags.get(path) ?? []).map((flag) => ({ ...flag, ...reissue }))),
    ({ file }) => file,
  );
  return [...changed, ...[...anew.values()].flatMap(reissuedFile)];
}

/** Certificate and key are one change. */
function reissuedFile(flags: readonly (FileFlag & { file: string; because: string })[]): readonly FileChange[] {
  const [first] = flags;
  if (first === undefined) return [];
  const { file, because } = first;
  const what = file.endsWith('.crt') ? ('certificate' as const) : ('kubeconfig' as const);
  return [{ change: { what, name: file, because, cause: 'certificate due' }, live: areLive(flags) }];
}

function changedFile(file: FoundFileState, flags: readonly FileFlag[], facts: FileFacts): readonly FileChange[] {
  const { path: name } = file;
  // Directories of keys are mounted whole; what no flag names of them is not read.
  if (flags.length === 0 && name.startsWith(`${facts.certificatesDir}/`)) return [];
  const because = changedSince(file, facts);
  if (because === undefined) return [];
  const change = /\.(?:crt|key|pub)$/.test(name)
    ? ({ what: 'certificate', name, because, cause: 'certificate replaced' } as const)
    : ({ what: 'file', name, because, cause: 'file changed' } as const);
  return [{ change, live: areLive(flags) }];
}

/** A file that is mounted for a reason that no flag tells is taken for one that is read at start. */
function areLive(flags: readonly FileFlag[]): boolean {
  return flags.length > 0 && flags.every(({ reload }) => reload === 'live');
}

/** In words, why the running container cannot have read what is in the file now; undefined when it has. */
function changedSince(file: FoundFileState, { startedAtMs, revisionAtMs }: FileFacts): string | undefined {
  const { sha256, lastSha256, modifiedAtMs = 0 } = file;
  if (revisionAtMs === undefined) {
    return startedAtMs !== undefined && modifiedAtMs > startedAtMs
      ? 'it changed after the container started'
      : undefined;
  }
  if (lastSha256 === undefined || sha256 === lastSha256) return undefined;
  if (sha256 === undefined) return 'it is gone';
  const readSince = startedAtMs !== undefined && startedAtMs > Math.max(revisionAtMs, modifiedAtMs);
  return readSince ? undefined : 'its content is another than in the last good revision';
}
