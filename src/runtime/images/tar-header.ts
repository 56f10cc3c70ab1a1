import { OperationError } from '../../base/errors.ts';

type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'device' | 'extension';

/** What stands before each file of a tar archive (POSIX.1-2017 pax, ustar, GNU tar). */
export type TarHeader = {
  readonly path: string;
  readonly type: TarEntryType;
  readonly typeFlag: string;
  readonly size: number;
  readonly mode: number;
  readonly linkPath: string;
};

/** Size of a tar record; headers and file contents are padded to it. */
export const tarBlock = 512;

const types: Readonly<Record<string, TarEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'device',
  '4': 'device',
  '5': 'directory',
  '6': 'device',
  x: 'extension',
  g: 'extension',
  L: 'extension',
  K: 'extension',
};

/** Decodes one header block; undefined for the block of zeros that ends an archive. Throws when it is damaged. */
export function decodeTarHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (checksumOf(block) !== octal(block, 148, 8)) throw new OperationError('not a tar archive, or a damaged one');
  const typeFlag = String.fromCharCode(block[156] ?? 0);
  const type = types[typeFlag];
  if (type === undefined) throw new OperationError(`tar entry of the unknown type "${typeFlag}"`);
  // GNU tar's own format has the magic "ustar  " and uses the prefix field otherwise.
  const prefix = text(block, 257, 6) === 'ustar' ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    type,
    typeFlag,
    size: type === 'file' || type === 'extension' ? octal(block, 124, 12) : 0,
    mode: octal(block, 100, 8) & 0o7777,
    linkPath: text(block, 157, 100),
  };
}

/** The records of a pax extended header: `LENGTH KEY=VALUE\n` each. */
export function decodePaxRecords(data: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.toString('latin1', at, space));
    const record = data.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    if (space < 0 || !(length > space - at + 1) || at + length > data.length || equals < 0) {
      throw new OperationError('tar archive with a damaged pax header');
    }
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

function text(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** A number in octal, or (first bit set) in binary: GNU tar's form for what is too large. */
function octal(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    if (!Number.isSafeInteger(value) || field[0] !== 0x80) throw new OperationError('tar entry of an impossible size');
    return value;
  }
  const digits = field.toString('latin1').replaceAll('\0', ' ').trim();
  if (!/^[0-7]*$/.test(digits)) throw new OperationError('not a tar archive, or a damaged one');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

/** The sum of all bytes, the checksum field itself counted as spaces. */
function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < tarBlock; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return sum;
}
