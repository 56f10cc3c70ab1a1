import { backOff } from '../../base/back-off.ts';
import { sleep } from '../../base/clock.ts';
import { messageOf, OperationError } from '../../base/errors.ts';
import type { RuntimeEvent } from '../runtime.ts';
import { lookTimeoutMs } from './client.ts';
import { hasStatus, status } from './cri-error.ts';
import { type EventContext, type EventSource, eventSources } from './event-sources.ts';

const firstDelayMs = 100;
const longestDelayMs = 5000;

/**
 * The runtime's events as hints, from the best source that it has. At first, and whenever some may have been missed, the
 * hint to look at everything.
 */
export async function* criEvents(context: EventContext, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  const { client, clock, log, onGap } = context;
  const ends = AbortSignal.any([signal, client.closed]);
  const wait = backOff({ firstMs: firstDelayMs, maxMs: longestDelayMs });
  let said = '';
  while (!ends.aborted) {
    try {
      for await (const event of eventsOnce(context, ends)) {
        if (said !== '') log.info('events from the container runtime come again');
        said = '';
        if (event.pod === undefined) onGap();
        else wait.reset();
        yield event;
      }
    } catch (thrown) {
      const message = messageOf(thrown);
      if (!ends.aborted && message !== said) log.warn(`no events from the container runtime: ${message}; trying again`);
      said = message;
    }
    await sleep(clock, wait.next(), ends);
  }
}

/** From connecting to the stream's end, which is an error unless we wanted it. */
async function* eventsOnce(context: EventContext, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  for (const source of await usableSources(context)) {
    try {
      for await (const event of source(context, signal)) yield event;
      if (!signal.aborted) throw new OperationError('the container runtime ended its stream of events');
      return;
    } catch (thrown) {
      if (!hasStatus(thrown, status.unimplemented)) throw thrown;
    }
  }
}

/**
 * All of them, but for containerd before 2.0 not CRI's own: there each event reaches only one of those who listen
 * (containerd#7318), so that a kubelet or a second agent would take ours.
 */
async function usableSources({ client }: EventContext): Promise<readonly EventSource[]> {
  const what = 'cannot ask for the version';
  const { runtimeName, runtimeVersion } = await client.call('Version', {}, { what, timeoutMs: lookTimeoutMs });
  const shared = runtimeName !== 'containerd' || Number(/^v?(\d+)\./.exec(runtimeVersion)?.[1] ?? 2) >= 2;
  return shared ? [eventSources.cri, ...withoutCri] : withoutCri;
}

const withoutCri = [eventSources.containerd, eventSources.relist];
