/** Fuse that Node looks at before it searches its own file for an application (nodejs/node, src/node_sea.cc). */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';
const noteName = 'NODE_SEA_BLOB';

const segment = { load: 1, note: 4 };
const [headerCountAt, headerSizeAt, headersAt, sectionsAt, sectionCountAt, sectionNamesAt] = [56, 54, 32, 40, 60, 62];
/** Offsets in an ELF64 program header. */
const at = { type: 0, fileOffset: 8, address: 16, physical: 24, fileSize: 32, memorySize: 40, alignment: 48 };

type Segment = {
  readonly entry: number;
  readonly address: number;
  readonly fileOffset: number;
  readonly memorySize: number;
};

/**
 * A copy of a Node executable that runs `blob`: the ELF note that Node looks for is put behind its data segment, which
 * grows over it, and the note segment names it beside the notes that were there. Symbols and debug information, which are
 * behind the last segment, are left out. Throws when the file is no 64-bit little-endian ELF file of such a Node.
 */
export function withApplication(node: Buffer, blob: Uint8Array): Buffer {
  if (node.readUInt32BE(0) !== 0x7f454c46 || node[4] !== 2 || node[5] !== 1) throw new Error('no ELF64 file');
  const loads = segmentsOf(node, segment.load);
  const last = loads.at(-1);
  const [notes, ...more] = segmentsOf(node, segment.note);
  if (last === undefined || notes === undefined || more.length > 0) throw new Error('not laid out as expected');
  // What the kernel fills with zeros from here on comes from the file, so that the note may follow it.
  const loaded = Buffer.alloc(aligned(last.fileOffset + last.memorySize, 4));
  node.copy(loaded, 0, 0, last.fileOffset + fileSizeOf(node, last));
  const kept = node.subarray(notes.fileOffset, notes.fileOffset + notes.memorySize);
  const section = Buffer.concat([kept, Buffer.alloc(aligned(kept.length, 4) - kept.length), note(blob)]);
  const made = Buffer.concat([loaded, section]);
  grow(made, last, made.length - last.fileOffset);
  place(made, notes, {
    address: last.address + loaded.length - last.fileOffset,
    fileOffset: loaded.length,
    size: section.length,
  });
  made.writeBigUInt64LE(0n, sectionsAt);
  made.writeUInt16LE(0, sectionCountAt);
  made.writeUInt16LE(0, sectionNamesAt);
  armFuse(made.subarray(0, loaded.length));
  return made;
}

function segmentsOf(file: Buffer, type: number): readonly Segment[] {
  const first = Number(file.readBigUInt64LE(headersAt));
  const count = file.readUInt16LE(headerCountAt);
  const entries = Array.from({ length: count }, (_, index) => first + index * file.readUInt16LE(headerSizeAt));
  return entries
    .filter((entry) => file.readUInt32LE(entry + at.type) === type)
    .map((entry) => ({
      entry,
      address: Number(file.readBigUInt64LE(entry + at.address)),
      fileOffset: Number(file.readBigUInt64LE(entry + at.fileOffset)),
      memorySize: Number(file.readBigUInt64LE(entry + at.memorySize)),
    }));
}

const fileSizeOf = (file: Buffer, { entry }: Segment) => Number(file.readBigUInt64LE(entry + at.fileSize));

function grow(file: Buffer, { entry }: Segment, size: number): void {
  file.writeBigUInt64LE(BigInt(size), entry + at.fileSize);
  file.writeBigUInt64LE(BigInt(size), entry + at.memorySize);
}

function place(
  file: Buffer,
  { entry }: Segment,
  to: { readonly address: number; readonly fileOffset: number; readonly size: number },
): void {
  for (const field of [at.address, at.physical]) file.writeBigUInt64LE(BigInt(to.address), entry + field);
  for (const field of [at.fileSize, at.memorySize]) file.writeBigUInt64LE(BigInt(to.size), entry + field);
  file.writeBigUInt64LE(BigInt(to.fileOffset), entry + at.fileOffset);
  file.writeBigUInt64LE(4n, entry + at.alignment);
}

/** elf(5): sizes of name and content, type, name, content; both padded to 4 bytes. */
function note(content: Uint8Array): Buffer {
  const name = Buffer.alloc(aligned(noteName.length + 1, 4));
  name.write(noteName);
  const head = Buffer.alloc(12);
  head.writeUInt32LE(noteName.length + 1, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, name, content, Buffer.alloc(aligned(content.length, 4) - content.length)]);
}

function armFuse(file: Buffer): void {
  const found = file.indexOf(`${fuse}0`);
  if (found < 0 || file.indexOf(fuse, found + 1) >= 0) throw new Error('no Node that can be a single executable');
  file.write('1', found + fuse.length);
}

const aligned = (size: number, to: number) => Math.ceil(size / to) * to;
