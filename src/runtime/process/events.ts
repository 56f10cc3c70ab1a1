import type { RuntimeEvent } from '../runtime.ts';
import type { ProcessContext } from './context.ts';
import { type OwnerCache, ownerOf } from './observe.ts';

/** A hint for each container that ends, until the signal aborts; by inotify, nothing is asked for again and again. */
export async function* processEvents(
  context: ProcessContext,
  owners: OwnerCache,
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  const waiting: (string | undefined)[] = [];
  let wake = () => {};
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort);
  const close = await context.exits.listen((id) => {
    waiting.push(id);
    wake();
  });
  try {
    while (!signal.aborted) {
      if (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const event = await eventOf(context, owners, waiting.shift());
      if (event !== undefined) yield event;
    }
  } finally {
    close();
    signal.removeEventListener('abort', onAbort);
  }
}

async function eventOf(
  context: ProcessContext,
  owners: OwnerCache,
  id: string | undefined,
): Promise<RuntimeEvent | undefined> {
  if (id === undefined) return { what: 'anything may have changed' };
  const owner = await ownerOf(context, owners, id);
  return owner && { pod: owner.pod, what: `container ${owner.name} ended` };
}
