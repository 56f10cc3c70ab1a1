import { podKey } from '../../kube/types.ts';
import type { DesiredPod } from '../desired.ts';

/** Which file stands for which pod (`namespace/name`), and which files lose against it. */
export type Holders = {
  readonly held: ReadonlyMap<string, DesiredPod>;
  /** File → why its pod does not count. */
  readonly losers: ReadonlyMap<string, string>;
};

/** One pod per name and per UID: the file that stood for it before keeps it, else the first of the candidates. */
export function assignHolders(
  candidates: readonly DesiredPod[],
  before: ReadonlyMap<string, { readonly file: string }>,
): Holders {
  const held = new Map<string, DesiredPod>();
  const byUid = new Map<string, DesiredPod>();
  const losers = new Map<string, string>();
  const incumbent = ({ pod, file }: DesiredPod) => before.get(podKey(pod))?.file === file;
  for (const candidate of [...candidates.filter(incumbent), ...candidates.filter((one) => !incumbent(one))]) {
    const key = podKey(candidate.pod);
    const sameName = held.get(key);
    const sameUid = byUid.get(candidate.uid);
    if (sameName !== undefined) losers.set(candidate.file, `${key} is defined by ${sameName.file} already`);
    else if (sameUid !== undefined)
      losers.set(candidate.file, `metadata.uid ${candidate.uid} is that of ${podKey(sameUid.pod)} in ${sameUid.file}`);
    else {
      held.set(key, candidate);
      byUid.set(candidate.uid, candidate);
    }
  }
  return { held, losers };
}
