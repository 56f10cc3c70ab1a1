import { ByteReader } from '../byte-reader.ts';
import { ProtocolError } from '../protocol-error.ts';
import type { Wire } from '../wire.ts';
import {
  closeCodes,
  closePayload,
  decodeFrameRest,
  decodeFrameStart,
  type FrameStart,
  frameHeader,
  opcodes,
  unmask,
} from './frames.ts';

/** A piece of a message, as it arrived: messages may be of any length and are never held whole. */
export type MessagePiece = { readonly data: Buffer; readonly first: boolean; readonly last: boolean };

const longestPiece = 64 * 1024;
const nothing = Buffer.alloc(0);

/**
 * The server's side of a WebSocket connection whose handshake is done. Our own and not the package ws, since that holds
 * messages whole and a channel's message may be of any length; what a server without extensions needs is little.
 */
export class WebSocketConnection {
  readonly #wire: Wire;
  readonly #reader: ByteReader;
  #closing = false;

  constructor(wire: Wire) {
    this.#wire = wire;
    this.#reader = new ByteReader(wire.input);
  }

  /** Resolves when the connection is gone. */
  get closed(): Promise<void> {
    return this.#wire.closed;
  }

  /**
   * What the client sends, text and binary alike, until it closes; pings are answered while this is walked. Ends, never
   * throws, when the client is gone or broke the protocol, which it is told.
   */
  async *messages(): AsyncGenerator<MessagePiece> {
    try {
      yield* this.#messages();
      this.close();
    } catch (thrown) {
      if (!(thrown instanceof ProtocolError)) throw thrown;
      this.close(closeCodes.protocolError);
    } finally {
      // Read on, so that the end of the connection is seen.
      void this.#reader.drain();
    }
  }

  /** One message. Resolves when there is room for more; throws once the connection is gone. */
  async send(kind: 'text' | 'binary', ...parts: readonly Uint8Array[]): Promise<void> {
    if (this.#closing) throw new Error('the connection is closed');
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    await this.#wire.write(frameHeader(opcodes[kind], length), ...parts);
  }

  ping(): void {
    this.#say(opcodes.ping, nothing);
  }

  /** Says goodbye after what was sent; the client then closes. */
  close(code: number = closeCodes.normal): void {
    if (this.#closing) return;
    this.#say(opcodes.close, closePayload(code));
    this.#closing = true;
    this.#wire.end();
  }

  destroy(): void {
    this.#wire.destroy();
  }

  async *#messages(): AsyncGenerator<MessagePiece> {
    let isInside = false;
    for (;;) {
      const head = await this.#reader.exactly(2);
      if (head === undefined) return;
      const start = decodeFrameStart(head);
      const rest = decodeFrameRest(start, (await this.#reader.exactly(start.restBytes)) ?? cutOff());
      if (start.opcode >= opcodes.close) {
        if (!(await this.#control(start, rest))) return;
        continue;
      }
      if (isInside !== (start.opcode === opcodes.continuation)) throw new ProtocolError('WebSocket messages mixed up');
      yield* this.#pieces(start, rest);
      isInside = !start.fin;
    }
  }

  async *#pieces(start: FrameStart, rest: { length: number; mask: Buffer }): AsyncGenerator<MessagePiece> {
    let first = start.opcode !== opcodes.continuation;
    for (let done = 0; done < rest.length; ) {
      const piece = (await this.#reader.some(Math.min(rest.length - done, longestPiece))) ?? cutOff();
      const data = unmask(piece, rest.mask, done);
      done += piece.length;
      yield { data, first, last: start.fin && done === rest.length };
      first = false;
    }
    if (rest.length === 0) yield { data: nothing, first, last: start.fin };
  }

  /** False when the client closes. */
  async #control({ opcode }: FrameStart, { length, mask }: { length: number; mask: Buffer }): Promise<boolean> {
    const payload = length === 0 ? nothing : unmask((await this.#reader.exactly(length)) ?? cutOff(), mask, 0);
    if (opcode === opcodes.ping && !this.#closing) {
      await this.#wire.write(frameHeader(opcodes.pong, payload.length), payload).catch(() => {});
    }
    return opcode !== opcodes.close;
  }

  #say(opcode: number, payload: Buffer): void {
    if (!this.#closing) this.#wire.write(frameHeader(opcode, payload.length), payload).catch(() => {});
  }
}

function cutOff(): never {
  throw new ProtocolError('the connection ended within a WebSocket frame');
}
