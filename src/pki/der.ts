import asn1, { type Asn1 } from 'node-forge/lib/asn1.js';

export type Der = Asn1;

// X.680 8.4: universal tag numbers.
const tag = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  null: 5,
  oid: 6,
  utf8: 12,
  sequence: 16,
  set: 17,
  printable: 19,
  utcTime: 23,
  generalizedTime: 24,
};

const contextSpecific = 0x80;

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const primitive = (type: number, value: string): Der => asn1.create(0, type, false, value);

/** The ASN.1 values that an X.509 certificate is made of. */
export const der = {
  sequence: (...members: readonly Der[]): Der => asn1.create(0, tag.sequence, true, [...members]),
  set: (...members: readonly Der[]): Der => asn1.create(0, tag.set, true, [...members]),
  oid: (dotted: string): Der => primitive(tag.oid, asn1.oidToDer(dotted).getBytes()),
  null: (): Der => primitive(tag.null, ''),
  true: (): Der => primitive(tag.boolean, '\xff'),
  octetString: (bytes: Uint8Array): Der => primitive(tag.octetString, text(bytes)),
  bitString: (bytes: Uint8Array, unusedBits = 0): Der =>
    primitive(tag.bitString, String.fromCharCode(unusedBits) + text(bytes)),
  /** A non-negative INTEGER. */
  integer: (value: bigint): Der => {
    const hex = value.toString(16);
    const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
    const sign = (bytes[0] ?? 0) >= 0x80 ? '\0' : '';
    return primitive(tag.integer, sign + text(bytes));
  },
  /** PrintableString where that alphabet does, else UTF8String (as Go's encoding/asn1). */
  string: (value: string): Der =>
    /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value)
      ? primitive(tag.printable, value)
      : primitive(tag.utf8, text(Buffer.from(value, 'utf8'))),
  /** UTCTime up to 2049, then GeneralizedTime (RFC 5280 4.1.2.5). */
  time: (ms: number): Der => {
    const date = new Date(ms);
    return date.getUTCFullYear() < 2050
      ? primitive(tag.utcTime, asn1.dateToUtcTime(date))
      : primitive(tag.generalizedTime, asn1.dateToGeneralizedTime(date));
  },
  /** `[number] EXPLICIT`. */
  explicit: (number: number, ...members: readonly Der[]): Der =>
    asn1.create(contextSpecific, number, true, [...members]),
  /** `[number] IMPLICIT` of a string type. */
  implicit: (number: number, bytes: Uint8Array): Der => asn1.create(contextSpecific, number, false, text(bytes)),
};

export function encodeDer(value: Der): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1');
}

/** Throws when the bytes are no DER. */
export function decodeDer(bytes: Uint8Array): Der {
  return asn1.fromDer(text(bytes), { decodeBitStrings: false });
}

/** The members of a constructed value; none for a primitive one. */
export function membersOf(value: Der | undefined): readonly Der[] {
  return Array.isArray(value?.value) ? value.value : [];
}

/** The content of a primitive value; empty for a constructed one. */
export function contentOf(value: Der | undefined): Buffer {
  return Buffer.from(typeof value?.value === 'string' ? value.value : '', 'latin1');
}

export function isContext(value: Der | undefined, number: number): boolean {
  return value?.tagClass === contextSpecific && value.type === number;
}

export function oidOf(value: Der | undefined): string {
  return typeof value?.value === 'string' ? asn1.derToOid(value.value) : '';
}
