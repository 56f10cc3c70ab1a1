import { basename } from 'node:path';
import type { Place } from './manifest-entries.ts';

type Known = { readonly file: string; readonly place: Place };

export type GoneInput = {
  readonly known: readonly Known[];
  /** Files that were read. */
  readonly there: ReadonlySet<string>;
  /** The directory as it is now. */
  readonly directory: Place & { readonly path: string; readonly empty: boolean };
  /** Whether the watch has told of the name: a file that is removed is told of, one that is unmounted is not. */
  readonly told: (name: string) => boolean;
  /** In how many milliseconds it counts that the file, one of so many, is not there; 0 = it counts. */
  readonly settlesInMs: (file: string, missing: number) => number;
  /** Since when the directory is the one that it is now. */
  readonly directoryAgeMs: number;
};

export type GonePlan = {
  readonly gone: readonly string[];
  /** Files that are not there, but were not seen to be removed, with what is said of them. */
  readonly kept: readonly { readonly file: string; readonly reason: string }[];
  /** When to look again at what is in doubt. */
  readonly againMs?: number;
};

/** A directory that was put in place of another is given this long to be filled. */
const fillMs = 2000;

/** Which of the files that are not there have gone, and which are out of sight because another directory is there. */
export function planGone(input: GoneInput): GonePlan {
  const { known, there, directory, told, settlesInMs, directoryAgeMs } = input;
  const gone: string[] = [];
  const kept: { file: string; reason: string }[] = [];
  const waits: number[] = [];
  const missing = known.filter(({ file }) => !there.has(file));
  for (const { file, place } of missing) {
    if (sameDirectory(place, directory) || told(basename(file))) {
      const waitMs = settlesInMs(file, missing.length);
      if (waitMs > 0) waits.push(waitMs);
      else gone.push(file);
    } else if (directory.empty) kept.push({ file, reason: emptied(directory.path) });
    else if (directoryAgeMs < fillMs) {
      waits.push(Math.max(1, fillMs - directoryAgeMs));
      kept.push({ file, reason: `${directory.path} is another directory than before and does not hold it` });
    } else gone.push(file);
  }
  return { gone, kept, ...(waits.length > 0 ? { againMs: Math.min(...waits) } : {}) };
}

/** `inode` is 0 where an earlier agent did not keep it. */
function sameDirectory(before: Place, now: Place): boolean {
  return before.device === now.device && (before.inode === now.inode || before.inode === 0);
}

function emptied(path: string): string {
  return `${path} is empty and another directory than before (unmounted or replaced?): its pods stay until it holds something again`;
}
