import type { Clock } from '../base/clock.ts';
import type { StreamingDoors } from './upgraded.ts';
import type { Wire } from './wire.ts';

/** streamingConnectionIdleTimeout of the kubelet. */
const defaultIdleMs = 4 * 60 * 60 * 1000;
/** So that a client that vanished is noticed while nothing is read from it or written to it. */
const pingMs = 10_000;
/** How long a client may take to close after we said goodbye. */
const lingerMs = 5000;

/** What speaks a protocol on a wire. */
export type Session = {
  /** Resolves when the client is gone. */
  run(): Promise<void>;
  ping(): void;
  /** Says goodbye. */
  close(): void;
};

export type Served = {
  /** Aborts when the client is gone, or was sent away. */
  readonly gone: AbortSignal;
  /** Says goodbye; resolves when the connection is closed. */
  close(): Promise<void>;
};

/** The life of one connection: pinged, ended when nothing moved for too long, and its end is not waited for forever. */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #wire: Wire;
  readonly #gone = new AbortController();
  #movedAt: number;
  #cancel: () => void = () => {};
  #isOver = false;

  constructor(wire: Wire, { clock, idleMs = defaultIdleMs }: StreamingDoors) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#wire = wire;
    this.#movedAt = clock.ticks();
  }

  /** Data came or went. */
  moved(): void {
    this.#movedAt = this.#clock.ticks();
  }

  /** Runs the session to its end. */
  serve(session: Session): Served {
    this.#later(session);
    const over = () => this.#end(session);
    void session.run().then(over, over);
    void this.#wire.closed.then(() => {
      this.#isOver = true;
      this.#cancel();
      this.#gone.abort();
    });
    return {
      gone: this.#gone.signal,
      close: () => {
        this.#sayGoodbye(session);
        return this.#wire.closed;
      },
    };
  }

  #end(session: Session): void {
    this.#gone.abort();
    this.#sayGoodbye(session);
  }

  #sayGoodbye(session: Session): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancel();
    this.#cancel = this.#clock.after(lingerMs, () => this.#wire.destroy());
    session.close();
  }

  #later(session: Session): void {
    this.#cancel = this.#clock.after(Math.min(pingMs, this.#idleMs), () => {
      if (this.#clock.ticks() - this.#movedAt >= this.#idleMs) return this.#end(session);
      session.ping();
      this.#later(session);
    });
  }
}
