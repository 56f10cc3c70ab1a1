import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { HostFiles } from '../../host/host.ts';

/** How logs that the runtime does not rotate itself are kept small. */
export type LogRotation = {
  readonly host: Pick<HostFiles, 'stat' | 'rename' | 'remove'>;
  readonly maxBytes: number;
  /** How many files of one container are kept, the one that is written to included. */
  readonly maxFiles: number;
  copyAndTruncate(from: string, to: string): Promise<void>;
};

const lookEveryMs = 10_000;

/** Looks at the logs every 10 s, until the signal aborts; returns at once when there is no rotation. */
export async function keepLogsSmall(options: {
  readonly rotation?: LogRotation;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly paths: () => readonly string[];
}): Promise<void> {
  const { rotation, clock, log, signal, paths } = options;
  while (rotation !== undefined && !signal.aborted) {
    await sleep(clock, lookEveryMs, signal);
    await rotateLogs(rotation, paths(), log);
  }
}

/**
 * Shortens the logs that have grown too large: `0.log` is copied to `0.log.1` and truncated, the older ones move on. The
 * program keeps the file that it writes to (appending), so what it writes between copy and truncation is lost.
 */
export async function rotateLogs(rotation: LogRotation, paths: readonly string[], log: Log): Promise<void> {
  for (const path of paths) {
    try {
      const found = await rotation.host.stat(path);
      if (found?.kind === 'file' && found.size > rotation.maxBytes) await rotate(rotation, path);
    } catch (thrown) {
      log.warn(`${path} cannot be rotated: ${messageOf(thrown)}`);
    }
  }
}

async function rotate({ host, maxFiles, copyAndTruncate }: LogRotation, path: string): Promise<void> {
  const older = Math.max(1, maxFiles - 1);
  await host.remove(`${path}.${older}`);
  for (let number = older - 1; number >= 1; number--) {
    if ((await host.stat(`${path}.${number}`)) !== undefined)
      await host.rename(`${path}.${number}`, `${path}.${number + 1}`);
  }
  await copyAndTruncate(path, `${path}.1`);
}
