/** What may lie unread on one connection, in all its streams together, before nothing more is read from it. */
const mostUnreadBytes = 1024 * 1024;

/** Bounds the memory of a connection whose streams share it: who is not read from holds up the others in the end. */
export class UnreadBudget {
  #unread = 0;
  #closed = false;
  #eased = Promise.withResolvers<void>();

  add(bytes: number): void {
    this.#unread += bytes;
    if (this.#unread > mostUnreadBytes) return;
    this.#eased.resolve();
    this.#eased = Promise.withResolvers();
  }

  /** Resolves when more may be read. */
  async room(): Promise<void> {
    while (this.#unread > mostUnreadBytes && !this.#closed) await this.#eased.promise;
  }

  /** The connection is gone: nobody waits any more. */
  close(): void {
    this.#closed = true;
    this.#eased.resolve();
  }
}

/** What arrived for a Readable that has not asked for it yet. */
export class Inbox {
  readonly #push: (data: Uint8Array | null) => boolean;
  readonly #taken: (bytes: number) => void;
  #waiting: Uint8Array[] = [];
  #asked = false;
  #ended = false;

  /** `taken` hears of every byte that `receive` was given, once it has been handed on or dropped. */
  constructor(push: (data: Uint8Array | null) => boolean, taken: (bytes: number) => void) {
    this.#push = push;
    this.#taken = taken;
  }

  receive(data: Uint8Array): void {
    if (this.#ended) {
      this.#taken(data.length);
      return;
    }
    this.#waiting.push(data);
    this.#handOn();
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handOn();
  }

  /** The Readable asks (`_read`). */
  ask(): void {
    this.#asked = true;
    this.#handOn();
  }

  /** The Readable is destroyed: what waits is dropped, and so is what comes later. */
  close(): void {
    const dropped = this.#waiting;
    this.#waiting = [];
    this.#asked = false;
    this.#ended = true;
    for (const data of dropped) this.#taken(data.length);
  }

  #handOn(): void {
    while (this.#asked) {
      const data = this.#waiting.shift();
      if (data === undefined) break;
      this.#asked = this.#push(data);
      this.#taken(data.length);
    }
    if (!this.#asked || !this.#ended || this.#waiting.length > 0) return;
    this.#asked = false;
    this.#push(null);
  }
}
