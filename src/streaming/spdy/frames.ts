import { ProtocolError } from '../protocol-error.ts';

// Framing of SPDY/3.1 (SPDY Protocol, draft 3.1, 2.2 and 2.6): every frame begins with 8 bytes, the last three of which
// are the length of what follows.

export const frameHeaderBytes = 8;

export const frameTypes = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const rstStatus = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
  flowControlError: 7,
} as const;

export const goAwayStatus = { ok: 0, protocolError: 1 } as const;

/** FIN, of data and control frames alike: the sender sends nothing more on this stream. */
export const flagFin = 1;
/** The receiver of a SYN_STREAM may send nothing on it. */
export const flagUnidirectional = 2;

export type FrameHeader =
  | { readonly kind: 'data'; readonly streamId: number; readonly fin: boolean; readonly length: number }
  | { readonly kind: 'control'; readonly type: number; readonly flags: number; readonly length: number };

const version = 3;
const settingsInitialWindowSize = 7;

/** Throws ProtocolError for a control frame of another version. */
export function decodeFrameHeader(bytes: Buffer): FrameHeader {
  const first = bytes.readUInt32BE(0);
  const flags = bytes.readUInt8(4);
  const length = bytes.readUIntBE(5, 3);
  if (first < 0x80000000) return { kind: 'data', streamId: first, fin: (flags & flagFin) !== 0, length };
  const spoken = bytes.readUInt16BE(0) & 0x7fff;
  if (spoken !== version) throw new ProtocolError(`a frame of SPDY version ${spoken}, not ${version}`);
  return { kind: 'control', type: first & 0xffff, flags, length };
}

export type SynStream = { readonly streamId: number; readonly block: Buffer };

export function decodeSynStream(payload: Buffer): SynStream {
  atLeast(payload, 10);
  return { streamId: payload.readUInt32BE(0) & 0x7fffffff, block: payload.subarray(10) };
}

/** SYN_REPLY and HEADERS. */
export function decodeHeadersFrame(payload: Buffer): SynStream {
  atLeast(payload, 4);
  return { streamId: payload.readUInt32BE(0) & 0x7fffffff, block: payload.subarray(4) };
}

/** RST_STREAM and WINDOW_UPDATE: a stream and a number. */
export function decodePair(payload: Buffer): { readonly streamId: number; readonly value: number } {
  if (payload.length !== 8) throw new ProtocolError(`a frame of ${payload.length} bytes that has 8`);
  return { streamId: payload.readUInt32BE(0) & 0x7fffffff, value: payload.readUInt32BE(4) };
}

export function decodePing(payload: Buffer): number {
  if (payload.length !== 4) throw new ProtocolError(`a PING of ${payload.length} bytes that has 4`);
  return payload.readUInt32BE(0);
}

/** The initial window that a SETTINGS frame asks for; undefined when it says nothing of it. */
export function decodeInitialWindow(payload: Buffer): number | undefined {
  atLeast(payload, 4);
  const count = payload.readUInt32BE(0);
  if (payload.length !== 4 + count * 8)
    throw new ProtocolError(`SETTINGS with ${count} entries in ${payload.length} bytes`);
  for (let at = 4; at < payload.length; at += 8) {
    if ((payload.readUInt32BE(at) & 0xffffff) === settingsInitialWindowSize) return payload.readUInt32BE(at + 4);
  }
  return undefined;
}

export function dataHeader(streamId: number, length: number, fin: boolean): Buffer {
  const bytes = Buffer.alloc(frameHeaderBytes);
  bytes.writeUInt32BE(streamId, 0);
  bytes.writeUInt8(fin ? flagFin : 0, 4);
  bytes.writeUIntBE(length, 5, 3);
  return bytes;
}

/** Of the highest priority, which nobody minds. */
export function synStream(streamId: number, block: Uint8Array): Buffer {
  return controlFrame(frameTypes.synStream, Buffer.concat([words(streamId, 0), Buffer.alloc(2), block]));
}

export function synReply(streamId: number, block: Uint8Array): Buffer {
  return controlFrame(frameTypes.synReply, Buffer.concat([words(streamId), block]));
}

export function rstStream(streamId: number, status: number): Buffer {
  return controlFrame(frameTypes.rstStream, words(streamId, status));
}

export function ping(id: number): Buffer {
  return controlFrame(frameTypes.ping, words(id));
}

export function goAway(lastStreamId: number, status: number): Buffer {
  return controlFrame(frameTypes.goAway, words(lastStreamId, status));
}

export function windowUpdate(streamId: number, delta: number): Buffer {
  return controlFrame(frameTypes.windowUpdate, words(streamId, delta));
}

function controlFrame(type: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(frameHeaderBytes + payload.length);
  bytes.writeUInt16BE(0x8000 | version, 0);
  bytes.writeUInt16BE(type, 2);
  bytes.writeUIntBE(payload.length, 5, 3);
  payload.copy(bytes, frameHeaderBytes);
  return bytes;
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value, index * 4);
  });
  return bytes;
}

function atLeast(payload: Buffer, length: number): void {
  if (payload.length < length)
    throw new ProtocolError(`a frame of ${payload.length} bytes that has at least ${length}`);
}
