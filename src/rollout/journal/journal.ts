import { join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import type { Host, ProcessIdentity } from '../../host/host.ts';
import { isObject } from '../../kube/decode-fields.ts';
import type { ComponentName } from '../../manifests/component.ts';

/**
 * What an apply does, each written down before it begins:
 * `prepare` the new revision is written, nothing that runs is touched · `files` certificates and kubeconfigs are replaced ·
 * `swap` the manifest is · `gate`, `settle` waiting · `move` pods that are no components go to another container runtime · `undo` everything goes back · `commit` all is well, only notes remain.
 */
export const journalSteps = ['prepare', 'files', 'swap', 'gate', 'settle', 'move', 'undo', 'commit'] as const;
export type JournalStep = (typeof journalSteps)[number];

export type JournalEntry = {
  /** The revisions' numbers; `from` is the last good one, if there is one. */
  readonly from?: number;
  readonly to: number;
  readonly step: JournalStep;
  readonly component?: ComponentName;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly holder: ProcessIdentity;
  /** `bootstrap apply --config …` */
  readonly command: string;
  readonly user: string;
  /** Why it is undone. */
  readonly reason?: string;
};

/** The journal of an apply that is under way. */
export interface Journal {
  /** Writes down what is done next; it may begin when this has returned. */
  step(step: JournalStep, more?: { readonly component?: ComponentName; readonly reason?: string }): Promise<void>;
  /** Nothing is left to finish or to undo. */
  end(): Promise<void>;
}

type JournalHost = Pick<Host, 'writeFile' | 'remove' | 'makeDirectory'>;

export function journalFile({ stateDir }: Pick<Paths, 'stateDir'>): string {
  return join(stateDir, 'rollout.json');
}

/** Opens the journal with its first step, `prepare`: before the new revision is written. */
export async function openJournal(
  host: JournalHost,
  paths: Pick<Paths, 'stateDir'>,
  begun: Omit<JournalEntry, 'step' | 'component' | 'reason'>,
): Promise<Journal> {
  const file = journalFile(paths);
  const write = (entry: JournalEntry) => host.writeFile(file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  await host.makeDirectory(paths.stateDir, { mode: 0o700 });
  await write({ ...begun, step: 'prepare' });
  return {
    step: (step, more = {}) => write({ ...begun, ...more, step }),
    end: () => host.remove(file),
  };
}

/** The journal that is there, whoever wrote it; undefined when no apply was cut off. */
export async function readJournal(
  host: Pick<Host, 'readText'>,
  paths: Pick<Paths, 'stateDir'>,
): Promise<JournalEntry | undefined> {
  const text = await host.readText(journalFile(paths));
  if (text === undefined) return undefined;
  try {
    const entry: unknown = JSON.parse(text);
    return isEntry(entry) ? entry : undefined;
  } catch {
    // Written at once or not at all: whatever this is, it is not ours.
    return undefined;
  }
}

function isEntry(value: unknown): value is JournalEntry {
  return isObject(value) && typeof value.to === 'number' && journalSteps.some((step) => step === value.step);
}
