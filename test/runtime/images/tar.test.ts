import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAll, streamSource } from '../../../src/runtime/images/byte-source.ts';
import { readTar } from '../../../src/runtime/images/tar.ts';
import { aTar, paxHeader } from '../../fakes/images.ts';

async function* inPieces(data: Buffer, size: number) {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

async function entriesOf(data: Buffer, pieceSize = 100) {
  const entries: { path: string; type: string; content: string; link: string }[] = [];
  for await (const entry of readTar(streamSource(inPieces(data, pieceSize)))) {
    const content = (await readAll(entry.content())).toString();
    entries.push({ path: entry.path, type: entry.type, content, link: entry.linkPath });
  }
  return entries;
}

test('reads files, directories and links, however the bytes come', async () => {
  const data = aTar([
    { path: 'bin/' },
    { path: 'bin/a', content: 'A'.repeat(700) },
    { path: 'bin/b', type: '2', link: 'a' },
    { path: 'bin/c', type: '1', link: 'bin/a' },
  ]);
  for (const size of [1, 511, 513, 1 << 20]) {
    assert.deepEqual(await entriesOf(data, size), [
      { path: 'bin/', type: 'directory', content: '', link: '' },
      { path: 'bin/a', type: 'file', content: 'A'.repeat(700), link: '' },
      { path: 'bin/b', type: 'symlink', content: '', link: 'a' },
      { path: 'bin/c', type: 'hardlink', content: '', link: 'bin/a' },
    ]);
  }
});

test('skips the content that nobody reads', async () => {
  const paths: string[] = [];
  const data = aTar([{ path: 'a', content: 'x'.repeat(5000) }, { path: 'b' }]);
  for await (const entry of readTar(streamSource(inPieces(data, 300)))) paths.push(entry.path);
  assert.deepEqual(paths, ['a', 'b']);
});

test('takes long names from pax headers and from GNU tar', async () => {
  const long = `${'d/'.repeat(80)}file`;
  const [pax] = await entriesOf(aTar([{ path: long, content: '1' }]));
  assert.equal(pax?.path, long);
  const gnu = aTar([
    { path: '././@LongLink', type: 'L', content: `${long}\0` },
    { path: 'cut', content: '2' },
  ]);
  assert.deepEqual(await entriesOf(gnu), [{ path: long, type: 'file', content: '2', link: '' }]);
  const link = aTar([
    { path: '././@LongLink', type: 'K', content: `${long}\0` },
    { path: 'l', type: '2', link: 'cut' },
  ]);
  assert.equal((await entriesOf(link))[0]?.link, long);
});

test('forgets a long name after the entry that it is for', async () => {
  const data = aTar([
    paxHeader({ path: 'long', linkpath: 'target' }),
    { path: 'a', type: '2', link: 'b' },
    { path: 'c' },
  ]);
  assert.deepEqual(
    (await entriesOf(data)).map(({ path, link }) => [path, link]),
    [
      ['long', 'target'],
      ['c', ''],
    ],
  );
});

test('ends at the end of an archive without its blocks of zeros', async () => {
  const data = aTar([{ path: 'a', content: 'x' }]).subarray(0, 1024);
  assert.equal((await entriesOf(data)).length, 1);
});

for (const [what, data, reason] of [
  ['a text file', Buffer.from('no archive at all\n'.repeat(100)), /not a tar archive/],
  ['a header cut short', aTar([{ path: 'a' }]).subarray(0, 300), /ends in the middle/],
  ['content cut short', aTar([{ path: 'a', content: 'x'.repeat(2000) }]).subarray(0, 1024), /ends in the middle/],
  ['a size that lies', aTar([{ path: 'a', content: 'x', size: 1_000_000 }]), /ends in the middle/],
  ['an unknown type', aTar([{ path: 'a', type: 'Z' }]), /unknown type/],
  ['a damaged pax header', aTar([{ path: 'p', type: 'x', content: '99 path=a\n' }, { path: 'a' }]), /damaged pax/],
  [
    'a pax header that never ends',
    aTar([{ path: 'p', type: 'x', content: '0 path=a\n' }, { path: 'a' }]),
    /damaged pax/,
  ],
  ['an extended header beyond all measure', aTar([{ path: 'p', type: 'x', size: 1 << 30 }]), /more than 1 MiB/],
  ['a sparse file', aTar([paxHeader({ 'GNU.sparse.major': '1' }), { path: 'a' }]), /sparse/],
  ['a negative pax size', aTar([paxHeader({ size: '-1' }), { path: 'a' }]), /impossible size/],
] as const) {
  test(`refuses ${what}`, () => assert.rejects(entriesOf(data), reason));
}
