import { UnreadBudget } from '../inbox.ts';
import type { Wire } from '../wire.ts';
import * as frames from './frames.ts';
import type { SpdyHeaders } from './header-codec.ts';
import { ReceiveWindows } from './receive-windows.ts';
import { SendWindows } from './send-windows.ts';
import { SpdyStream, type StreamDoor } from './stream.ts';

/** Nobody waits longer for a turn on the connection than such a piece takes. */
export const longestDataFrame = 32 * 1024;

type Doors = {
  readonly wire: Wire;
  /** Data went. */
  readonly moved: () => void;
  /** Sends a small frame that nobody waits for. */
  readonly say: (frame: Buffer) => void;
  /** Whether the peer is told how much it may send. */
  readonly tellsWindows: boolean;
};

/** The open streams of one connection, and how much each side may still send on them. */
export class StreamTable {
  readonly #doors: Doors;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #send = new SendWindows();
  readonly #receive: ReceiveWindows;
  readonly #budget = new UnreadBudget();

  constructor(doors: Doors) {
    this.#doors = doors;
    this.#receive = new ReceiveWindows((streamId, delta) => {
      if (doors.tellsWindows) doors.say(frames.windowUpdate(streamId, delta));
    });
    void doors.wire.closed.then(() => this.#budget.close());
  }

  get size(): number {
    return this.#streams.size;
  }

  get(streamId: number): SpdyStream | undefined {
    return this.#streams.get(streamId);
  }

  add(streamId: number, headers: SpdyHeaders): SpdyStream {
    const stream = new SpdyStream(this.#door, { streamId, headers });
    this.#streams.set(streamId, stream);
    this.#send.open(streamId);
    this.#receive.open(streamId);
    return stream;
  }

  /** Data arrived; resolves when more may be read. What comes for a stream that is gone is dropped. */
  async receive(streamId: number, piece: Uint8Array): Promise<void> {
    this.#budget.add(piece.length);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#taken(streamId, piece.length);
    else stream.receive(piece);
    await this.#budget.room();
  }

  /** SETTINGS. */
  setInitialWindow(bytes: number): void {
    this.#send.setInitial(bytes);
  }

  /** WINDOW_UPDATE; one that is too large ends its stream. */
  updateWindow(streamId: number, delta: number): void {
    if (!this.#send.update(streamId, delta)) this.#streams.get(streamId)?.destroy();
  }

  /** The connection is over: what is left of its streams. */
  closeAll(): readonly SpdyStream[] {
    this.#send.closeAll();
    return [...this.#streams.values()];
  }

  readonly #door: StreamDoor = {
    send: async (streamId, data) => {
      const { wire, moved } = this.#doors;
      for (let sent = 0; sent < data.length; ) {
        const size = await this.#send.take(streamId, Math.min(data.length - sent, longestDataFrame));
        if (size === 0) throw new Error('the stream is closed');
        moved();
        await wire.write(frames.dataHeader(streamId, size, false), data.subarray(sent, sent + size));
        sent += size;
      }
    },
    sendFin: (streamId) => this.#doors.wire.write(frames.dataHeader(streamId, 0, true)),
    taken: (streamId, bytes) => this.#taken(streamId, bytes),
    closed: (streamId, complete) => {
      if (!this.#streams.delete(streamId)) return;
      this.#send.close(streamId);
      this.#receive.close(streamId);
      if (!complete) this.#doors.say(frames.rstStream(streamId, frames.rstStatus.cancel));
    },
  };

  #taken(streamId: number, bytes: number): void {
    this.#budget.add(-bytes);
    this.#receive.taken(streamId, bytes);
  }
}
