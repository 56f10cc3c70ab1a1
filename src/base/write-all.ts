import type { Writable } from 'node:stream';

/** Writes and waits for room. What nobody takes any more is dropped, without an error. */
export async function writeAll(sink: Writable | undefined, data: Uint8Array): Promise<void> {
  if (sink === undefined || sink.destroyed || sink.writableEnded || data.length === 0) return;
  if (sink.write(data)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      sink.off('drain', done).off('close', done);
      resolve();
    };
    sink.on('drain', done).on('close', done);
    if (sink.closed) done();
  });
}
