import { join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import type { RecordEntry } from '../../host/recording-host.ts';
import { appendLines, missingParents } from '../../host/recording-host.ts';
import type { MadeRecord } from '../../phases/context.ts';
import { madeFileName } from '../../phases/plan-reset.ts';

/** The record as a file of JSON lines in the state directory, which is made with the first entry. */
export function madeRecord(host: Host, paths: Pick<Paths, 'stateDir'>): MadeRecord {
  const file = join(paths.stateDir, madeFileName);
  const append = inGroups((entries) =>
    appendLines(
      file,
      entries.map((entry) => JSON.stringify(entry)),
    ),
  );
  let ready: Promise<void> | undefined;
  const prepare = async () => {
    const missing = await missingParents(host, paths.stateDir);
    // Only our own directory is private, not what is above it.
    await host.makeDirectory(join(paths.stateDir, '..'));
    await host.makeDirectory(paths.stateDir, { mode: 0o700 });
    if (missing.length > 0) await append(missing.map((path) => ({ path, kind: 'directory' })));
  };
  return {
    add: async (entries) => {
      ready ??= prepare();
      await ready;
      if (entries.length > 0) await append(entries);
    },
    all: async () => parseRecord((await host.readText(file)) ?? ''),
  };
}

/** What comes while a write is under way goes into the next one, so that many wait for the disk once. */
function inGroups(write: (entries: readonly RecordEntry[]) => Promise<void>) {
  let waiting: RecordEntry[] = [];
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const flush = async () => {
    const group = waiting;
    waiting = [];
    next = undefined;
    await write(group);
  };
  return (entries: readonly RecordEntry[]): Promise<void> => {
    waiting.push(...entries);
    next ??= last.catch(() => {}).then(flush);
    last = next;
    return next;
  };
}

/** A record that only remembers, for a dry run; it begins with what the real one holds. */
export function rememberedRecord(real: MadeRecord): MadeRecord {
  const added: RecordEntry[] = [];
  return {
    add: async (entries) => {
      added.push(...entries);
    },
    all: async () => [...(await real.all()), ...added],
  };
}

/** A line that a kill cut off is no entry: what it was about was not made yet. */
function parseRecord(text: string): readonly RecordEntry[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as RecordEntry];
    } catch {
      return [];
    }
  });
}
