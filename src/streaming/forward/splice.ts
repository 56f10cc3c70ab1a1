import type { Duplex, Readable, Writable } from 'node:stream';
import { messageOf } from '../../base/errors.ts';

/** One forwarded connection, as the client has it. */
export type Forwarded = {
  readonly port: number;
  /** What the client sends. */
  readonly input: Readable;
  /** What the client gets; often the same stream. */
  readonly output: Writable;
  /** Takes the reason why there is no connection. */
  readonly error: Writable;
};

/** Connects and passes on both ways, each side ending on its own; resolves when both have. Never rejects. */
export async function splice(forwarded: Forwarded, connect: (port: number) => Promise<Duplex>): Promise<void> {
  const { port, input, output, error } = forwarded;
  let connection: Duplex;
  try {
    connection = await connect(port);
  } catch (thrown) {
    error.end(`error forwarding port ${port}: ${messageOf(thrown)}`);
    input.destroy();
    output.destroy();
    return;
  }
  await passOn(connection, input, output);
  error.end();
}

function passOn(connection: Duplex, input: Readable, output: Writable): Promise<void> {
  return new Promise((resolve) => {
    const gone = () => void connection.destroy();
    connection.on('error', () => {});
    connection.on('close', () => {
      const over = () => {
        input.destroy();
        output.destroy();
        resolve();
      };
      // What was ended is still on its way; what was not has been broken off.
      if (output.writableEnded && !output.writableFinished) output.once('finish', over).once('close', over);
      else over();
    });
    input.once('close', () => {
      if (!input.readableEnded) gone();
    });
    output.once('close', () => {
      if (!output.writableFinished) gone();
    });
    if (input.destroyed || output.destroyed) return gone();
    input.pipe(connection);
    connection.pipe(output);
  });
}
