import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Paths } from '../config/paths.ts';
import { journalFile } from '../rollout/journal.ts';
import type { CliContext } from './command.ts';

/** A change of the control plane that was cut off is finished or undone before the agent reads its manifests. */
export async function recoverRollout(
  { host, clock }: Pick<CliContext, 'host' | 'clock'>,
  paths: Paths,
  log: Log,
): Promise<void> {
  // A bare agent has none, and need not load what knows of revisions.
  if ((await host.stat(journalFile(paths))) === undefined) return;
  try {
    const { recoverUnlessBusy } = await import('../rollout/recovery.ts');
    const { do: done, because, restored } = await recoverUnlessBusy(host, paths, clock);
    log.warn(`rollout: ${done}: ${because}${restored.length === 0 ? '' : `; put back: ${restored.join(', ')}`}`);
  } catch (thrown) {
    // Pods run on whatever is in their manifests; the next command tries again.
    log.error(`a change of the control plane that was cut off cannot be undone: ${messageOf(thrown)}`);
  }
}
