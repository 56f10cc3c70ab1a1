import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { streamSource } from '../../../src/runtime/images/byte-source.ts';
import { unpackLayer } from '../../../src/runtime/images/layers.ts';
import { confinedLink } from '../../../src/runtime/images/rootfs.ts';
import { aTar, type TarFile, temporaryDirectory } from '../../fakes/images.ts';

/** Unpacks layers into `<directory>/rootfs`, beside a file that must stay as it is. */
async function unpacked(context: TestContext, ...layers: readonly (readonly TarFile[])[]): Promise<string> {
  const directory = temporaryDirectory(context);
  const rootfs = join(directory, 'rootfs');
  mkdirSync(rootfs);
  writeFileSync(join(directory, 'outside'), 'untouched');
  try {
    for (const layer of layers) await unpackLayer(streamSource(streamOf(aTar(layer))), rootfs);
  } finally {
    assert.equal(readFileSync(join(directory, 'outside'), 'utf8'), 'untouched');
    assert.deepEqual(readdirSync(directory).sort(), ['outside', 'rootfs']);
  }
  return rootfs;
}

async function* streamOf(data: Buffer) {
  yield data;
}

test('unpacks files read-only and without set-id bits', async (context) => {
  const rootfs = await unpacked(context, [{ path: 'usr/bin/tool', content: 'tool', mode: 0o6755 }]);
  assert.equal(readFileSync(join(rootfs, 'usr/bin/tool'), 'utf8'), 'tool');
  assert.equal(statSync(join(rootfs, 'usr/bin/tool')).mode & 0o7777, 0o555);
});

test('keeps everything inside, whatever the names say', async (context) => {
  const rootfs = await unpacked(context, [
    { path: '../outside', content: 'a' },
    { path: '/etc/absolute', content: 'b' },
    { path: 'a/../../outside2', content: 'c' },
  ]);
  assert.deepEqual(readdirSync(rootfs).sort(), ['etc', 'outside', 'outside2']);
});

test('does not write through a link that leads out', async (context) => {
  const rootfs = await unpacked(context, [
    { path: 'up', type: '2', link: '..' },
    { path: 'up/outside', content: 'x' },
    { path: 'far', type: '2', link: '/../../..' },
    { path: 'far/outside', content: 'y' },
    { path: 'deep/' },
    { path: 'deep/l', type: '2', link: '../../../outside' },
    { path: 'deep/l', content: 'z' },
  ]);
  assert.equal(readFileSync(join(rootfs, 'outside'), 'utf8'), 'y');
  assert.ok(lstatSync(join(rootfs, 'deep/l')).isFile());
});

test('replaces a link instead of writing to what it points to', async (context) => {
  const rootfs = await unpacked(
    context,
    [{ path: 'f', type: '2', link: '../outside' }],
    [{ path: 'f', content: 'new' }],
  );
  assert.equal(readFileSync(join(rootfs, 'f'), 'utf8'), 'new');
});

test('follows directory links of the image as its programs would', async (context) => {
  const rootfs = await unpacked(context, [
    { path: 'usr/bin/' },
    { path: 'bin', type: '2', link: '/usr/bin' },
    { path: 'bin/sh', content: 'sh' },
  ]);
  assert.equal(readFileSync(join(rootfs, 'usr/bin/sh'), 'utf8'), 'sh');
  assert.equal(readFileSync(join(rootfs, 'bin/sh'), 'utf8'), 'sh');
});

test('makes absolute links relative, so that they mean the same on the host', async (context) => {
  const rootfs = await unpacked(context, [
    { path: 'opt/app/tool', content: 'tool' },
    { path: 'usr/local/bin/tool', type: '2', link: '/opt/app/tool' },
  ]);
  assert.equal(readlinkSync(join(rootfs, 'usr/local/bin/tool')), '../../../opt/app/tool');
  assert.equal(readFileSync(join(rootfs, 'usr/local/bin/tool'), 'utf8'), 'tool');
});

test('no link text climbs above the root', () => {
  assert.equal(confinedLink('/a/b', '../c'), '../c');
  assert.equal(confinedLink('/a/b', '../../../etc/passwd'), '../etc/passwd');
  assert.equal(confinedLink('/b', '..'), '.');
  assert.equal(confinedLink('/a/b', '/'), '..');
});

test('refuses hard links to anything but files of the image', async (context) => {
  await assert.rejects(unpacked(context, [{ path: 'l', type: '1', link: '../outside' }]), /no file of it/);
  await assert.rejects(unpacked(context, [{ path: 'd/' }, { path: 'l', type: '1', link: 'd' }]), /no file of it/);
});

test('makes hard links to files of the image', async (context) => {
  const rootfs = await unpacked(context, [{ path: 'a', content: 'x' }], [{ path: 'b', type: '1', link: '/a' }]);
  assert.equal(statSync(join(rootfs, 'b')).ino, statSync(join(rootfs, 'a')).ino);
});

test('gives up on links that lead in a circle', async (context) => {
  const circle = [
    { path: 'a', type: '2', link: 'b' },
    { path: 'b', type: '2', link: 'a' },
    { path: 'a/file', content: 'x' },
  ];
  await assert.rejects(unpacked(context, circle), /too many links/);
});

test('leaves devices out', async (context) => {
  const rootfs = await unpacked(context, [
    { path: 'dev/null', type: '3' },
    { path: 'dev/sda', type: '4' },
    { path: 'dev/pipe', type: '6' },
  ]);
  assert.equal(existsSync(join(rootfs, 'dev')), false);
});

test('a whiteout removes what is below, not what its own layer brings', async (context) => {
  const rootfs = await unpacked(
    context,
    [
      { path: 'd/old', content: '1' },
      { path: 'tree/x/y', content: '2' },
    ],
    [
      { path: 'd/new', content: '3' },
      { path: 'd/.wh.old' },
      { path: '.wh.tree' },
      { path: 'd/.wh.new' },
      { path: '.wh.absent' },
    ],
  );
  assert.deepEqual(readdirSync(rootfs), ['d']);
  assert.deepEqual(readdirSync(join(rootfs, 'd')), ['new']);
});

test('an opaque whiteout empties the directory of what is below', async (context) => {
  const rootfs = await unpacked(
    context,
    [
      { path: 'd/a', content: '1' },
      { path: 'd/s/t', content: '2' },
    ],
    [{ path: 'd/s/new', content: '3' }, { path: 'd/.wh..wh..opq' }],
  );
  assert.deepEqual(readdirSync(join(rootfs, 'd')), ['s']);
  assert.deepEqual(readdirSync(join(rootfs, 'd/s')), ['new']);
});

test('a whiteout of the root or its parent is refused', async (context) => {
  await assert.rejects(unpacked(context, [{ path: '.wh...' }]), /whiteout/);
  await assert.rejects(unpacked(context, [{ path: '.wh.' }]), /whiteout/);
});

test('a file replaces a directory and a directory a file', async (context) => {
  const rootfs = await unpacked(
    context,
    [
      { path: 'a/b', content: '1' },
      { path: 'c', content: '2' },
    ],
    [{ path: 'a', content: '3' }, { path: 'c/' }, { path: 'c/d', content: '4' }],
  );
  assert.equal(readFileSync(join(rootfs, 'a'), 'utf8'), '3');
  assert.equal(readFileSync(join(rootfs, 'c/d'), 'utf8'), '4');
});

test('refuses a file that is used as a directory', async (context) => {
  await assert.rejects(
    unpacked(context, [
      { path: 'a', content: '1' },
      { path: 'a/b', content: '2' },
    ]),
    /file and a directory/,
  );
});
