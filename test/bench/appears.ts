import { readdirSync, watch } from 'node:fs';

/** Resolves when the directory has all these entries; rejects after a minute. */
export function appear(directory: string, names: readonly string[]): Promise<void> {
  return until(directory, `${directory} has not got ${names.join(', ')} within a minute`, (entries) =>
    names.every((name) => entries.has(name)),
  );
}

/** Resolves when the directory has no entries any more; rejects after a minute. */
export function emptied(directory: string): Promise<void> {
  return until(directory, `${directory} has not got empty within a minute`, (entries) => entries.size === 0);
}

function until(directory: string, otherwise: string, isSo: (entries: ReadonlySet<string>) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const there = () => isSo(new Set(readdirSync(directory)));
    const end = (action: () => void) => {
      clearTimeout(timer);
      watcher.close();
      action();
    };
    const timer = setTimeout(() => end(() => reject(new Error(otherwise))), 60_000);
    const watcher = watch(directory, () => {
      if (there()) end(resolve);
    });
    if (there()) end(resolve);
  });
}
