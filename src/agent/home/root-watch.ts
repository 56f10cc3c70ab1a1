import { type Clock, sleep } from '../../base/clock.ts';
import { OperationError } from '../../base/errors.ts';
import type { HostFiles } from '../../host/host.ts';

const everyMs = 10_000;

/**
 * Watches the agent's own directory until the signal aborts; throws OperationError when it was there and is no more: an
 * agent without its lock, socket and notes serves nobody, and the next one would not know of it.
 */
export async function watchRoot(
  about: {
    readonly host: Pick<HostFiles, 'stat'>;
    readonly clock: Clock;
    readonly paths: { readonly stateDir: string };
  },
  signal: AbortSignal,
): Promise<void> {
  const { host, clock, paths } = about;
  let inode: number | undefined;
  while (!signal.aborted) {
    const now = (await host.stat(paths.stateDir).catch(() => ({ inode })))?.inode;
    if (inode !== undefined && now !== inode) {
      throw new OperationError(`${paths.stateDir} was removed while the agent ran: the agent ends, its pods stay`, {
        hint: 'start the agent again to go on; it takes over the pods that a container runtime still has',
      });
    }
    inode = now;
    await sleep(clock, everyMs, signal);
  }
}
