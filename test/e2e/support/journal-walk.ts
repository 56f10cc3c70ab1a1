import { watch } from 'node:fs';
import type { JournalEntry } from '../../../src/rollout/journal/journal.ts';
import type { Ran } from './command.ts';
import type { RolloutPlane } from './rollout-plane.ts';

/** What an apply was at when it was struck, as its journal says afterwards; undefined: it had ended. */
export type Struck = { readonly ran: Ran; readonly at: JournalEntry | undefined };

/**
 * Runs an apply and strikes at the `nth` write of its journal (from 1), as soon as the kernel tells of it, whatever the
 * step: so a walk from 1 upwards strikes at every step there is. `strike` gets the pid of the apply.
 */
export async function strikeAt(
  plane: RolloutPlane,
  nth: number,
  how: {
    readonly strike: (pid: number) => void;
    readonly args?: readonly string[];
    /** What is run in place of an apply. */
    readonly start?: (options: { readonly started: (pid: number) => void }) => Promise<Ran>;
  },
): Promise<Struck> {
  const { strike, args = [], start = (options) => plane.apply(args, options) } = how;
  let pid = 0;
  let writes = 0;
  let at: JournalEntry | undefined;
  const watcher = watch(plane.path('var/lib/bootstrap'), (_event, name) => {
    // Moved into place: one event for each write; its removal at the end is one more.
    if (name !== 'rollout.json') return;
    writes += 1;
    if (writes !== nth) return;
    strike(pid);
    at = plane.journal();
  });
  try {
    const ran = await start({ started: (started) => (pid = started) });
    return { ran, at };
  } finally {
    watcher.close();
  }
}

/** `swap kube-scheduler`, `commit` */
export function stepName(entry: JournalEntry | undefined): string {
  if (entry === undefined) return 'the end';
  return entry.component === undefined ? entry.step : `${entry.step} ${entry.component}`;
}
