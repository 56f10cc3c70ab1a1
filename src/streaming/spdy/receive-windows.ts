import { defaultWindowBytes } from './send-windows.ts';

const wholeConnection = 0;

/** Tells a peer that keeps windows how much of what it sent has been taken, half a window at a time. */
export class ReceiveWindows {
  readonly #update: (streamId: number, delta: number) => void;
  readonly #unsaid = new Map<number, number>();

  constructor(update: (streamId: number, delta: number) => void) {
    this.#update = update;
  }

  open(streamId: number): void {
    this.#unsaid.set(streamId, 0);
  }

  close(streamId: number): void {
    this.#unsaid.delete(streamId);
  }

  /** Of the connection's window too, also when the stream is gone. */
  taken(streamId: number, bytes: number): void {
    this.#add(wholeConnection, bytes);
    if (this.#unsaid.has(streamId)) this.#add(streamId, bytes);
  }

  #add(id: number, bytes: number): void {
    const unsaid = (this.#unsaid.get(id) ?? 0) + bytes;
    const due = unsaid >= defaultWindowBytes / 2;
    this.#unsaid.set(id, due ? 0 : unsaid);
    if (due) this.#update(id, unsaid);
  }
}
