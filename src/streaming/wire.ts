import type { Duplex } from 'node:stream';

/** A connection as the protocols see it: bytes in order, both ways. */
export interface Wire {
  /** What arrives; ends when nothing more will come, for whatever reason. May be walked once. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Resolves when the connection is gone, also while nobody reads from it. */
  readonly closed: Promise<void>;
  /** Resolves when there is room for more: who waits for that fills no memory. Throws once the connection is gone. */
  write(...parts: readonly Uint8Array[]): Promise<void>;
  /** Says goodbye after what was written. */
  end(): void;
  destroy(): void;
}

/** A socket as a wire; `head` is what had been read of it before. */
export function socketWire(socket: Duplex, head: Uint8Array): Wire {
  const drains = new Drains(socket);
  const closed = new Promise<void>((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
  // How a connection fails does not matter here, only that it is over.
  socket.on('error', () => {});
  return {
    input: read(socket, head),
    closed,
    write: async (...parts) => {
      if (socket.destroyed || socket.writableEnded) throw new Error('the connection is closed');
      socket.cork();
      for (const part of parts) if (part.length > 0) socket.write(part);
      socket.uncork();
      if (socket.writableNeedDrain) await drains.next();
    },
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

async function* read(socket: Duplex, head: Uint8Array): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  try {
    yield* socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch {
    // Reset, or closed by ourselves: the end of what comes in either way.
  }
}

/** One listener, however many wait. */
class Drains {
  readonly #socket: Duplex;
  #waiting: Promise<void> | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  next(): Promise<void> {
    this.#waiting ??= new Promise((resolve) => {
      const done = () => {
        this.#socket.off('drain', done).off('close', done);
        this.#waiting = undefined;
        resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
    return this.#waiting;
  }
}
