import { readdirSync, watch } from 'node:fs';

/** Resolves when the directory has all these entries; rejects after a minute. */
export function appear(directory: string, names: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const there = () => {
      const entries = new Set(readdirSync(directory));
      return names.every((name) => entries.has(name));
    };
    const end = (action: () => void) => {
      clearTimeout(timer);
      watcher.close();
      action();
    };
    const timer = setTimeout(() => {
      end(() => reject(new Error(`${directory} has not got ${names.join(', ')} within a minute`)));
    }, 60_000);
    const watcher = watch(directory, () => {
      if (there()) end(resolve);
    });
    if (there()) end(resolve);
  });
}
