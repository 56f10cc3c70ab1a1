import { createHash, hash } from 'node:crypto';

/** JSON with object keys sorted at every depth and undefined members left out, big integers as strings: equal content, equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === 'bigint') return String(member);
    return member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member;
  });
}

/** SHA-256 as 64 hex characters. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** SHA-1 in base64, where a protocol wants it. */
export function sha1Base64(text: string): string {
  return hash('sha1', text, 'base64');
}

/** SHA-256 of what comes in parts; `digest` ends it with the 32 bytes. */
export function sha256Stream(): { readonly add: (data: Uint8Array) => void; readonly digest: () => Uint8Array } {
  const running = createHash('sha256');
  return { add: (data) => void running.update(data), digest: () => running.digest() };
}

/** 32 hex characters of the SHA-256 of the canonical JSON of `value`: the form of a static pod's UID. */
export function shortHash(value: unknown): string {
  return sha256Hex(canonicalJson(value)).slice(0, 32);
}
