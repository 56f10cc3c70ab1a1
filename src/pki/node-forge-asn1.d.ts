// Of node-forge only this submodule is loaded (6 ms; the whole is 50 ms and twice the memory); @types/node-forge has no
// types for it. Byte strings hold one byte per character.
declare module 'node-forge/lib/asn1.js' {
  export type Asn1 = { tagClass: number; type: number; constructed: boolean; value: string | Asn1[] };
  const asn1: {
    create(tagClass: number, type: number, constructed: boolean, value: string | Asn1[]): Asn1;
    toDer(node: Asn1): { getBytes(): string };
    fromDer(bytes: string, options?: { strict?: boolean; decodeBitStrings?: boolean }): Asn1;
    oidToDer(oid: string): { getBytes(): string };
    derToOid(bytes: string): string;
    dateToUtcTime(date: Date): string;
    dateToGeneralizedTime(date: Date): string;
  };
  export default asn1;
}
