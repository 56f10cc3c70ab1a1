import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { HostFiles } from '../../host/host.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';

/** How small logs are kept that the runtime does not rotate itself. */
export type LogRotation = {
  readonly maxBytes: number;
  /** How many files of one container are kept, the one that is written to included. */
  readonly maxFiles: number;
};

type ContainerLog = { readonly id: string; readonly path: string };

type Rotating = LogRotation & {
  readonly host: Pick<HostFiles, 'stat' | 'rename' | 'remove'>;
  readonly log: Log;
  readonly moveLog: NonNullable<ContainerRuntime['moveLog']>;
};

const lookEveryMs = 10_000;

/** Looks at the logs every 10 s, until the signal aborts; returns at once when the runtime does it, or nobody shall. */
export async function keepLogsSmall(options: {
  readonly rotation?: LogRotation;
  readonly runtime: Pick<ContainerRuntime, 'moveLog'>;
  readonly host: Rotating['host'];
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly logs: () => readonly ContainerLog[];
}): Promise<void> {
  const { rotation, runtime, host, clock, log, signal, logs } = options;
  const moveLog = runtime.moveLog?.bind(runtime);
  if (rotation === undefined || moveLog === undefined) return;
  while (!signal.aborted) {
    await sleep(clock, lookEveryMs, signal);
    await rotateLogs({ ...rotation, host, log, moveLog }, logs());
  }
}

/** Shortens the logs that have grown too large: what is in `0.log` goes to `0.log.1`, the older ones move on. */
export async function rotateLogs(rotating: Rotating, logs: readonly ContainerLog[]): Promise<void> {
  for (const written of logs) {
    try {
      const found = await rotating.host.stat(written.path);
      if (found?.kind === 'file' && found.size > rotating.maxBytes) await rotate(rotating, written);
    } catch (thrown) {
      rotating.log.warn(`${written.path} cannot be rotated: ${messageOf(thrown)}`);
    }
  }
}

async function rotate({ host, maxFiles, moveLog }: Rotating, written: ContainerLog): Promise<void> {
  const older = Math.max(1, maxFiles - 1);
  const { path } = written;
  await host.remove(`${path}.${older}`);
  for (let number = older - 1; number >= 1; number--) {
    if ((await host.stat(`${path}.${number}`)) !== undefined)
      await host.rename(`${path}.${number}`, `${path}.${number + 1}`);
  }
  await moveLog(written, `${path}.1`);
}
