import type { Duplex, Readable, Writable } from 'node:stream';
import { messageOf, OperationError } from '../../base/errors.ts';

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
  const broken = await passOn(connection, input, output);
  error.end(broken === undefined ? undefined : `error forwarding port ${port}: ${broken.message}`);
}

/** Gives why the connection broke when that has words for the user: there was none, as a runtime far away found out. */
function passOn(connection: Duplex, input: Readable, output: Writable): Promise<OperationError | undefined> {
  return new Promise((resolve) => {
    const gone = () => void connection.destroy();
    const over = () => {
      input.destroy();
      output.destroy();
      resolve(connection.errored instanceof OperationError ? connection.errored : undefined);
    };
    // It may have broken before.
    if (connection.closed) return over();
    connection.on('error', () => {});
    connection.on('close', () => {
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
