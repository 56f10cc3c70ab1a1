import { podKey } from '../../kube/types.ts';
import type { DesiredPod } from '../desired.ts';

/** Which file stands for which pod (`namespace/name`), and which files lose against it. */
export type Holders = {
  readonly held: ReadonlyMap<string, DesiredPod>;
  /** File → why its pod does not count. */
  readonly losers: ReadonlyMap<string, string>;
};

/** One pod per name: the file that stood for it before keeps it, else the first by name. */
export function assignHolders(
  candidates: readonly DesiredPod[],
  before: ReadonlyMap<string, { readonly file: string }>,
): Holders {
  const held = new Map<string, DesiredPod>();
  for (const candidate of candidates) {
    const key = podKey(candidate.pod);
    const current = held.get(key);
    if (current === undefined || before.get(key)?.file === candidate.file) held.set(key, candidate);
  }
  const losers = new Map<string, string>();
  for (const { pod, file } of candidates) {
    const holder = held.get(podKey(pod));
    if (holder !== undefined && holder.file !== file)
      losers.set(file, `${podKey(pod)} is defined by ${holder.file} already`);
  }
  return { held, losers };
}
