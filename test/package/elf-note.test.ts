import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withApplication } from '../../scripts/package/elf-note.ts';

const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:0';
const base = 0x400000;
const [load, note] = [1, 4];
const buildId = noteOf('GNU', Buffer.from('0123456789abcdef'));

test('the application is a note beside the old ones, in memory and behind what was loaded', () => {
  const made = withApplication(nodeLike(), Buffer.from('the blob'));
  const notes = segment(made, note);
  assert.deepEqual(notesIn(made.subarray(notes.fileOffset, notes.fileOffset + notes.fileSize)), {
    GNU: '0123456789abcdef',
    NODE_SEA_BLOB: 'the blob',
  });
  const data = segment(made, load);
  assert.equal(data.fileSize, data.memorySize);
  assert.equal(data.fileOffset + data.fileSize, made.length);
  assert.equal(notes.address - data.address, notes.fileOffset - data.fileOffset);
});

test('what the kernel would have filled with zeros is zeros in the file, and symbols are left out', () => {
  const made = withApplication(nodeLike(), Buffer.from('x'));
  assert.equal(made.includes('symbols'), false);
  assert.deepEqual(made.subarray(400, 500), Buffer.alloc(100));
  assert.equal(made.readBigUInt64LE(40), 0n);
});

test('Node is told by its fuse to look for the application', () => {
  assert.equal(withApplication(nodeLike(), Buffer.from('x')).includes(fuse.replace(/0$/, '1')), true);
});

test('what is no such Node is refused', () => {
  assert.throws(() => withApplication(Buffer.from('#!/bin/sh\nexit 0\n'), Buffer.from('x')), /no ELF64 file/);
  assert.throws(() => withApplication(nodeLike('no fuse'), Buffer.from('x')), /no Node that can be/);
  assert.throws(() => withApplication(nodeLike(`${fuse} ${fuse}`), Buffer.from('x')), /no Node that can be/);
});

/** 64 bytes of header, two program headers, notes at 200, the fuse at 260, data until 400, zeros until 500, symbols. */
function nodeLike(text = fuse): Buffer {
  const file = Buffer.alloc(420);
  file.write('\x7fELF\x02\x01', 'latin1');
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(410n, 40);
  for (const [value, at] of [
    [56, 54],
    [2, 56],
    [64, 58],
    [3, 60],
    [2, 62],
  ] as const)
    file.writeUInt16LE(value, at);
  putSegment(file, 64, { type: load, fileOffset: 0, fileSize: 400, memorySize: 500 });
  putSegment(file, 120, { type: note, fileOffset: 200, fileSize: buildId.length, memorySize: buildId.length });
  buildId.copy(file, 200);
  file.write(text, 260);
  file.write('symbols', 405);
  return file;
}

type Placed = {
  readonly type: number;
  readonly fileOffset: number;
  readonly fileSize: number;
  readonly memorySize: number;
};

function putSegment(file: Buffer, at: number, { type, fileOffset, fileSize, memorySize }: Placed): void {
  file.writeUInt32LE(type, at);
  const values = [fileOffset, base + fileOffset, base + fileOffset, fileSize, memorySize, 4];
  values.forEach((value, index) => void file.writeBigUInt64LE(BigInt(value), at + 8 + index * 8));
}

function segment(file: Buffer, type: number) {
  const at = [64, 120].find((entry) => file.readUInt32LE(entry) === type) ?? 0;
  const field = (index: number) => Number(file.readBigUInt64LE(at + 8 + index * 8));
  return { fileOffset: field(0), address: field(1), fileSize: field(3), memorySize: field(4) };
}

function noteOf(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(name.length + 1, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, Buffer.from(name.padEnd(padded(name.length + 1), '\0')), content]);
}

function notesIn(section: Buffer): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (let at = 0; at < section.length; ) {
    const [nameSize, size] = [section.readUInt32LE(at), section.readUInt32LE(at + 4)];
    const start = at + 12 + padded(nameSize);
    found[section.toString('latin1', at + 12, at + 11 + nameSize)] = section.toString('latin1', start, start + size);
    at = start + padded(size);
  }
  return found;
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}
