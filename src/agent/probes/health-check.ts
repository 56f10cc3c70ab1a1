/** The two messages of grpc.health.v1 in protocol buffers, by hand: one field each (grpc health/v1/health.proto). */

const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** `message HealthCheckRequest { string service = 1; }`. */
export function encodeHealthCheckRequest(service: string): Uint8Array {
  const text = Buffer.from(service);
  if (text.length === 0) return new Uint8Array();
  return Buffer.concat([Buffer.from([0x0a, ...varint(text.length)]), text]);
}

/** The name of `HealthCheckResponse.status = 1`; its number when it has no name. Throws when the bytes are no message. */
export function decodeHealthCheckResponse(message: Uint8Array): string {
  let status = 0;
  for (let at = 0; at < message.length; ) {
    const key = readVarint(message, at);
    const wireType = key.value % 8;
    const field = Math.floor(key.value / 8);
    const value = skip(message, key.next, wireType);
    if (field === 1 && wireType === 0) status = value.value;
    at = value.next;
  }
  return statuses[status] ?? String(status);
}

type Read = { readonly value: number; readonly next: number };

/** A field's value (of a varint) and where the next field begins. */
function skip(message: Uint8Array, at: number, wireType: number): Read {
  if (wireType === 0) return readVarint(message, at);
  if (wireType === 1) return { value: 0, next: at + 8 };
  if (wireType === 5) return { value: 0, next: at + 4 };
  if (wireType !== 2) throw new Error('the answer is no protocol buffers message');
  const length = readVarint(message, at);
  return { value: 0, next: length.next + length.value };
}

function readVarint(message: Uint8Array, from: number): Read {
  let value = 0;
  for (let at = from, scale = 1; at < message.length && at < from + 10; at++, scale *= 128) {
    const byte = message[at] ?? 0;
    value += (byte % 128) * scale;
    if (byte < 128) return { value, next: at + 1 };
  }
  throw new Error('the answer is no protocol buffers message');
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
