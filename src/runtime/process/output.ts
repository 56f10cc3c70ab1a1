import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { writeAll } from '../../base/write-all.ts';

/** How long a background child of the command may keep the streams open, saying nothing, after it has ended. */
const quietMs = 250;

/**
 * Copies an output of a command to its end, as fast as it is taken. What the command left behind is not waited for: once
 * the command has ended and its output has been quiet for a while, that is the end.
 */
export async function copyOutput(
  child: ChildProcess,
  name: 'stdout' | 'stderr',
  { context, sink }: { readonly context: { readonly clock: Clock }; readonly sink: Writable | undefined },
): Promise<void> {
  const output = child[name];
  if (output === null) return;
  let cancel = () => {};
  const stopWhenQuiet = () => {
    cancel();
    cancel = context.clock.after(quietMs, () => output.destroy());
  };
  let hasEnded = false;
  let isTaken = true;
  child.once('exit', () => {
    hasEnded = true;
    if (isTaken) stopWhenQuiet();
  });
  try {
    for await (const data of output as AsyncIterable<Buffer>) {
      // A slow client is waited for.
      cancel();
      isTaken = false;
      await writeAll(sink, data);
      isTaken = true;
      if (hasEnded) stopWhenQuiet();
    }
  } catch {
    // Destroyed above.
  }
  cancel();
}
