import { ProtocolError } from '../protocol-error.ts';

/** Of each stream and of the connection as a whole, before anybody says otherwise (SPDY Protocol, draft 3.1, 2.6.8). */
export const defaultWindowBytes = 64 * 1024;
const largestWindow = 0x7fffffff;
const wholeConnection = 0;

/**
 * How much may be sent, for each stream and the connection. Kubernetes' own clients (moby/spdystream) send no
 * WINDOW_UPDATE and read on all the same: windows count from the first frame by which the peer shows that it keeps them.
 */
export class SendWindows {
  readonly #left = new Map([[wholeConnection, defaultWindowBytes]]);
  #initial = defaultWindowBytes;
  #kept = false;
  #changed = Promise.withResolvers<void>();

  open(streamId: number): void {
    this.#left.set(streamId, this.#initial);
  }

  /** Whoever waits for this stream goes on, to learn that it is gone. */
  close(streamId: number): void {
    this.#left.delete(streamId);
    this.#wake();
  }

  closeAll(): void {
    this.#left.clear();
    this.#wake();
  }

  /** How many of `wanted` bytes may go now, at least one: waits until some may. 0 when the stream is gone. */
  async take(streamId: number, wanted: number): Promise<number> {
    for (;;) {
      const [stream, connection] = [this.#left.get(streamId), this.#left.get(wholeConnection)];
      if (stream === undefined || connection === undefined) return 0;
      const allowed = this.#kept ? Math.min(wanted, stream, connection) : wanted;
      if (allowed > 0) {
        this.#left.set(streamId, stream - allowed).set(wholeConnection, connection - allowed);
        return allowed;
      }
      await this.#changed.promise;
    }
  }

  /** A WINDOW_UPDATE. False when the stream's window would be too large, which ends the stream. */
  update(streamId: number, delta: number): boolean {
    this.#kept = true;
    const left = this.#left.get(streamId);
    if (left === undefined) return true;
    const fits = delta > 0 && left + delta <= largestWindow;
    if (!fits && streamId === wholeConnection) throw new ProtocolError('the window of the connection is too large');
    if (fits) this.#left.set(streamId, left + delta);
    this.#wake();
    return fits;
  }

  /** SETTINGS: counts for the streams that are open, too. */
  setInitial(bytes: number): void {
    if (bytes > largestWindow) throw new ProtocolError('the initial window is too large');
    this.#kept = true;
    for (const [streamId, left] of this.#left) {
      if (streamId !== wholeConnection) this.#left.set(streamId, left + bytes - this.#initial);
    }
    this.#initial = bytes;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
