import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Paths } from '../../config/paths.ts';
import { lockHolder } from '../../host/lock.ts';
import { journalFile } from '../../rollout/journal/journal.ts';
import type { Recovery } from '../../rollout/journal/recovery.ts';
import { rolloutLockFile } from '../../rollout/journal/rollout-lock.ts';
import type { CliContext } from '../command.ts';

/** `nothing`: no change was cut off. `recovered`: one was finished or undone. `left`: one is under way, or cannot be undone now. */
export type Recovered = 'nothing' | 'recovered' | 'left';

type Doors = Pick<CliContext, 'host' | 'clock'>;

const lookEveryMs = 2000;

/** A change of the control plane that was cut off is finished or undone; one that goes on is left alone. Never throws. */
export async function recoverRollout(
  { host, clock }: Doors,
  paths: Paths,
  log: Log,
  onRecovery: (recovery: Recovery) => void = () => {},
): Promise<Recovered> {
  try {
    // A bare agent has none, and need not load what knows of revisions.
    if ((await host.stat(journalFile(paths))) === undefined) return 'nothing';
    if ((await lockHolder(host, rolloutLockFile(paths))) !== undefined) return 'left';
    const { recoverUnlessBusy } = await import('../../rollout/journal/recovery.ts');
    const recovery = await recoverUnlessBusy(host, paths, clock);
    const { do: done, because, restored } = recovery;
    if (done === 'nothing') return 'left';
    const { putBackMigration } = await import('../../rollout/change-over/migrate-requests.ts');
    await putBackMigration(host, paths).catch((thrown: unknown) => log.warn(messageOf(thrown)));
    log.warn(`rollout: ${done}: ${because}${restored.length === 0 ? '' : `; put back: ${restored.join(', ')}`}`);
    onRecovery(recovery);
    return 'recovered';
  } catch (thrown) {
    // Pods run on whatever is in their manifests; the next look or command tries again.
    log.error(`a change of the control plane that was cut off cannot be undone: ${messageOf(thrown)}`);
    return 'left';
  }
}

/** The same for the life of an agent: one at a time, and what fails again and again is said once. */
export function rolloutRecovery(
  doors: Doors,
  paths: Paths,
  log: Log,
  onRecovery: (recovery: Recovery) => void = () => {},
): () => Promise<Recovered> {
  let underWay: Promise<Recovered> | undefined;
  let said: string | undefined;
  const error = (message: string) => {
    if (message !== said) log.error(message);
    said = message;
  };
  return () => {
    underWay ??= recoverRollout(doors, paths, { ...log, error }, onRecovery).finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

/** Recovers within seconds what a process leaves that dies in the middle of a change, until the signal aborts. */
export async function watchRollouts(
  clock: Clock,
  signal: AbortSignal,
  doors: {
    readonly recover: () => Promise<Recovered>;
    readonly look: () => Promise<void>;
    /** What was recovered since it was asked last, before the agent looked for the first time too. */
    readonly afterwards?: (recovered: Recovered) => Promise<void>;
  },
): Promise<void> {
  while (!signal.aborted) {
    const recovered = await doors.recover();
    if (recovered === 'recovered') await doors.look();
    await doors.afterwards?.(recovered);
    await sleep(clock, lookEveryMs, signal);
  }
}
