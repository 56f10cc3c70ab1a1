import type { WantedObject } from '../../cluster/wanted-object.ts';
import type { ComponentName } from '../../manifests/component.ts';

/**
 * `unfinished`: begun, and neither taken on nor undone yet. `failed`: it did not become healthy and was left as it is.
 * `rolled-back`: it is undone, what was there before is back.
 */
export const revisionResults = ['good', 'failed', 'rolled-back', 'unfinished'] as const;
export type RevisionResult = (typeof revisionResults)[number];

/** Who made a revision, and how. */
export type RevisionAuthor = { readonly user: string; readonly host: string; readonly command: string };

/** What one certificate, kubeconfig or public key is, without its key. */
export type Fingerprint = {
  readonly path: string;
  readonly kind: 'certificate' | 'kubeconfig' | 'public-key';
  /** SHA-256 of the (client) certificate, colon-separated hex as openssl prints it; of the text where there is none. */
  readonly fingerprint: string;
  /** RFC 3339. */
  readonly expiresAt?: string;
  /** Of a kubeconfig. */
  readonly server?: string;
};

/** SHA-256 by path of the files that a component was started with; `none`: certificates and kubeconfigs of no component. */
export type FileHashes = Readonly<Partial<Record<ComponentName | 'none', Readonly<Record<string, string>>>>>;

/** A file that a change put something else in place of; its old content is kept with the revision. */
export type ReplacedFile = {
  readonly path: string;
  readonly mode: number;
  /** Nothing was there before. */
  readonly absent?: true;
};

/** What a control plane is: enough to render, compare and restore it. */
export type RevisionContent = {
  /** YAML documents as `--config` takes them, without tokens and certificateKey. */
  readonly configuration: string;
  readonly kubernetesVersion: string;
  readonly manifests: Readonly<Partial<Record<ComponentName, string>>>;
  readonly certificates: readonly Fingerprint[];
  readonly files: FileHashes;
  /** What it wants in the cluster, but for Secrets. */
  readonly objects?: readonly WantedObject[];
  /** `--templates`, where it was given. */
  readonly templatesDirectory?: string;
  /** The patch files of `--patches`, by their paths inside that directory. */
  readonly patches?: Readonly<Record<string, string>>;
};

/** One numbered state of the control plane, and how it came about. Times are RFC 3339, timings milliseconds by step. */
export type Revision = RevisionContent & {
  readonly number: number;
  readonly result: RevisionResult;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly who: RevisionAuthor;
  /** `--message`. */
  readonly message?: string;
  /** Why it ended as it did, where that was not well. */
  readonly reason?: string;
  /** The revision whose content this one brought back. */
  readonly restores?: number;
  /** What it changed, in a few words each; secrets are not in it. */
  readonly changes: readonly string[];
  readonly timings: Readonly<Record<string, number>>;
  readonly replaced: readonly ReplacedFile[];
};

/** The revision that is on the disk, as far as nobody edited it: the newest that was not undone. */
export function currentRevision(revisions: readonly Revision[]): Revision | undefined {
  return revisions.findLast(({ result }) => result !== 'rolled-back');
}

/** The newest revision that was healthy: what a failed change goes back to. */
export function lastGoodRevision(revisions: readonly Revision[]): Revision | undefined {
  return revisions.findLast(({ result }) => result === 'good');
}

/** The numbers of those that may go when `keep` stay: the oldest, but never the current or the last good one. */
export function planPrune(revisions: readonly Revision[], keep: number): readonly number[] {
  const needed = new Set([currentRevision(revisions)?.number, lastGoodRevision(revisions)?.number]);
  const surplus = Math.max(0, revisions.length - Math.max(1, keep));
  const removable = revisions.map(({ number }) => number).filter((number) => !needed.has(number));
  return removable.slice(0, surplus);
}
