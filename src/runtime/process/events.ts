import type { RuntimeEvent } from '../runtime.ts';
import type { ProcessContext } from './context.ts';

/** A hint for each container that ends, until the signal aborts; by inotify, nothing is asked for again and again. */
export async function* processEvents(context: ProcessContext, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  // What ended before the watch was on is found by a look at everything.
  const waiting: (string | undefined)[] = [undefined];
  let wake = () => {};
  const close = await context.exits.listen((id) => {
    waiting.push(id);
    wake();
  });
  // At once, also when nobody asks for another event.
  const onAbort = () => {
    close();
    wake();
  };
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      if (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const event = await eventOf(context, waiting.shift());
      if (event !== undefined) yield event;
    }
  } finally {
    close();
    signal.removeEventListener('abort', onAbort);
  }
}

async function eventOf(context: ProcessContext, id: string | undefined): Promise<RuntimeEvent | undefined> {
  if (id === undefined) return { what: 'anything may have changed' };
  const record = await context.memory.record(id);
  return record && { pod: record.pod, what: `container ${record.config.name} ended` };
}
