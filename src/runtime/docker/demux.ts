import type { Readable, Writable } from 'node:stream';
import { writeAll } from '../../base/write-all.ts';

/** Docker's own framing of two outputs in one stream: 1 stdout, 2 stderr, three zeros, the length (Engine API, attach). */
const headerBytes = 8;

/** Takes the outputs of a command without a terminal apart, as fast as they are taken; resolves at the end. */
export async function demux(
  stream: Readable,
  sinks: { readonly stdout: Writable | undefined; readonly stderr: Writable | undefined },
): Promise<void> {
  let header: Uint8Array = new Uint8Array(0);
  let missing = 0;
  let sink: Writable | undefined;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (let rest = chunk; rest.length > 0; ) {
      if (missing > 0) {
        const data = rest.subarray(0, missing);
        missing -= data.length;
        rest = rest.subarray(data.length);
        await writeAll(sink, data);
        continue;
      }
      const more = rest.subarray(0, headerBytes - header.length);
      rest = rest.subarray(more.length);
      header = Buffer.concat([header, more]);
      if (header.length < headerBytes) continue;
      missing = Buffer.from(header).readUInt32BE(4);
      sink = header[0] === 2 ? sinks.stderr : sinks.stdout;
      header = new Uint8Array(0);
    }
  }
}

/** Copies the one output of a terminal; resolves at the end. */
export async function copyAll(stream: Readable, sink: Writable | undefined): Promise<void> {
  for await (const chunk of stream as AsyncIterable<Buffer>) await writeAll(sink, chunk);
}
