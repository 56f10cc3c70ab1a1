import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';

/** Everything is looked at again this often, should a hint have been missed. */
const resyncMs = 60_000;
/** A listing that failed is repeated, whatever was wrong. */
const listAgainMs = 5000;

/** Tells the key of each pod that the runtime hints at, undefined for all of them, until the signal aborts. */
export async function listen(
  { runtime, log }: { readonly runtime: Pick<ContainerRuntime, 'events'>; readonly log: Log },
  signal: AbortSignal,
  onHint: (key: string | undefined) => void,
): Promise<void> {
  try {
    for await (const { pod } of runtime.events(signal)) onHint(pod && `${pod.namespace}/${pod.name}`);
  } catch (thrown) {
    if (!signal.aborted) log.error(`no more hints from the container runtime: ${messageOf(thrown)}`);
  }
}

/** Lists everything at once and every minute, or sooner when that failed. */
export async function resync(clock: Clock, signal: AbortSignal, listAll: () => Promise<boolean>): Promise<void> {
  while (!signal.aborted) {
    const listed = await listAll();
    await sleep(clock, listed ? resyncMs : listAgainMs, signal);
  }
}
