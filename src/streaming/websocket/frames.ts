import { ProtocolError } from '../protocol-error.ts';

// RFC 6455, 5.2.

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export const closeCodes = { normal: 1000, protocolError: 1002, invalidData: 1007 } as const;

export type FrameStart = {
  readonly fin: boolean;
  readonly opcode: number;
  /** How many bytes of length and mask follow the first two. */
  readonly restBytes: number;
  readonly shortLength: number;
};

const maskBytes = 4;
const longestControl = 125;
const defined: ReadonlySet<number> = new Set(Object.values(opcodes));

/** The first two bytes of a client's frame. Throws ProtocolError for what a client may not send. */
export function decodeFrameStart(bytes: Buffer): FrameStart {
  const [first, second] = [bytes.readUInt8(0), bytes.readUInt8(1)];
  const fin = (first & 0x80) !== 0;
  const opcode = first & 0x0f;
  const shortLength = second & 0x7f;
  if ((first & 0x70) !== 0) throw new ProtocolError('a WebSocket frame with a reserved bit');
  if (!defined.has(opcode)) throw new ProtocolError(`a WebSocket frame of unknown type ${opcode}`);
  if ((second & 0x80) === 0) throw new ProtocolError('a WebSocket frame without a mask');
  if (opcode >= opcodes.close && (!fin || shortLength > longestControl)) {
    throw new ProtocolError('a WebSocket control frame that is too long or in parts');
  }
  return { fin, opcode, shortLength, restBytes: maskBytes + (shortLength === 126 ? 2 : shortLength === 127 ? 8 : 0) };
}

/** Length and mask, from the bytes that follow the first two. */
export function decodeFrameRest(
  { shortLength }: FrameStart,
  bytes: Buffer,
): { readonly length: number; readonly mask: Buffer } {
  const mask = bytes.subarray(bytes.length - maskBytes);
  if (shortLength < 126) return { length: shortLength, mask };
  if (shortLength === 126) return { length: bytes.readUInt16BE(0), mask };
  const length = bytes.readBigUInt64BE(0);
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtocolError('a WebSocket frame without an end');
  return { length: Number(length), mask };
}

/** Undoes the mask; `offset` is how far into its frame the piece begins. */
export function unmask(piece: Uint8Array, mask: Buffer, offset: number): Buffer {
  const plain = Buffer.allocUnsafe(piece.length);
  for (let index = 0; index < piece.length; index++) {
    plain[index] = (piece[index] ?? 0) ^ (mask[(offset + index) % maskBytes] ?? 0);
  }
  return plain;
}

/** The header of a server's frame that is a whole message. */
export function frameHeader(opcode: number, length: number): Buffer {
  const first = 0x80 | opcode;
  if (length < 126) return Buffer.from([first, length]);
  if (length < 0x10000) return Buffer.from([first, 126, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(10);
  bytes.writeUInt8(first, 0);
  bytes.writeUInt8(127, 1);
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}

/** The payload of a CLOSE frame. */
export function closePayload(code: number): Buffer {
  return Buffer.from([code >> 8, code & 0xff]);
}
