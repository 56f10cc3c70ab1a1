import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { nodeHost } from '../../../src/host/node-host.ts';
import { importArchive } from '../../../src/runtime/images/import.ts';
import { removeStored } from '../../../src/runtime/images/scratch.ts';
import { findStored, listStored } from '../../../src/runtime/images/store.ts';
import {
  aTar,
  digestOf,
  dockerArchive,
  imageConfig,
  ociArchive,
  type TestImage,
  temporaryDirectory,
  temporaryFile,
  testPlatform,
} from '../../fakes/images.ts';

const image: TestImage = {
  tags: ['example.org/app:1'],
  layers: [aTar([{ path: 'bin/app', content: 'one', mode: 0o755 }]), aTar([{ path: 'bin/more', content: 'two' }])],
  config: { Env: ['A=1'], Entrypoint: ['/bin/app'], User: '1000', StopSignal: 'SIGINT' },
};

function aStore(context: TestContext) {
  const storeDir = join(temporaryDirectory(context), 'store');
  return {
    storeDir,
    take: (archive: Buffer) =>
      importArchive(nodeHost, { storeDir, platform: testPlatform }, temporaryFile(context, archive)),
    find: (reference: string) => findStored(nodeHost, storeDir, reference),
    list: () => listStored(nodeHost, storeDir),
  };
}

for (const [form, archive] of [
  ['a docker save archive', dockerArchive([image])],
  ['a packed docker save archive', gzipSync(dockerArchive([image]))],
  ['an OCI layout', ociArchive(image)],
  ['an OCI layout with gzip layers', ociArchive(image, (layer) => gzipSync(layer))],
  ['an OCI layout with zstd layers', ociArchive(image, (layer) => zstdCompressSync(layer))],
] as const) {
  test(`unpacks ${form}`, async (context) => {
    const store = aStore(context);
    assert.deepEqual(await store.take(archive), ['example.org/app:1']);
    const found = await store.find('example.org/app:1');
    assert.equal(found?.id, digestOf(imageConfig(image)));
    assert.equal(readFileSync(join(found?.rootfs ?? '', 'bin/app'), 'utf8'), 'one');
    assert.equal(readFileSync(join(found?.rootfs ?? '', 'bin/more'), 'utf8'), 'two');
    assert.deepEqual(found?.config.entrypoint, ['/bin/app']);
    assert.deepEqual((await store.find(found?.id ?? ''))?.id, found?.id);
    assert.deepEqual(readdirSync(join(store.storeDir, 'tmp')), []);
  });
}

test('lists images with their names, size and user', async (context) => {
  const store = aStore(context);
  await store.take(dockerArchive([{ ...image, tags: ['b:1', 'a:1'] }]));
  assert.deepEqual(await store.list(), [
    {
      id: digestOf(imageConfig(image)),
      tags: ['docker.io/library/a:1', 'docker.io/library/b:1'],
      digests: [],
      sizeBytes: image.layers.reduce((sum, layer) => sum + layer.length, 0),
      user: '1000',
    },
  ]);
});

test('an empty store holds nothing', async (context) => {
  const store = aStore(context);
  assert.equal(await store.find('example.org/app:1'), undefined);
  assert.deepEqual(await store.list(), []);
});

test('unpacks nothing that is there', async (context) => {
  const store = aStore(context);
  await store.take(dockerArchive([image]));
  const before = statSync((await store.find('example.org/app:1'))?.rootfs ?? '').ino;
  await store.take(ociArchive({ ...image, tags: ['example.org/app:2'] }));
  assert.equal(statSync((await store.find('example.org/app:2'))?.rootfs ?? '').ino, before);
  assert.deepEqual((await store.list())[0]?.tags, ['example.org/app:1', 'example.org/app:2']);
});

test('takes the same image many times at once', async (context) => {
  const store = aStore(context);
  await Promise.all(Array.from({ length: 5 }, () => store.take(dockerArchive([image]))));
  assert.equal((await store.list()).length, 1);
  assert.deepEqual(readdirSync(join(store.storeDir, 'tmp')), []);
});

test('gives a name to the image that came last', async (context) => {
  const store = aStore(context);
  const newer = { ...image, layers: [aTar([{ path: 'bin/app', content: 'newer' }])] };
  await store.take(dockerArchive([image]));
  await store.take(dockerArchive([newer]));
  assert.equal((await store.find('example.org/app:1'))?.id, digestOf(imageConfig(newer)));
  assert.equal((await store.find(digestOf(imageConfig(image))))?.id, digestOf(imageConfig(image)));
});

test('removes an image with its names, also its read-only directories', async (context) => {
  const store = aStore(context);
  await store.take(dockerArchive([image]));
  await removeStored(nodeHost, store.storeDir, digestOf(imageConfig(image)));
  await removeStored(nodeHost, store.storeDir, digestOf(imageConfig(image)));
  assert.equal(await store.find('example.org/app:1'), undefined);
  assert.deepEqual(readdirSync(join(store.storeDir, 'images')), []);
  assert.deepEqual(readdirSync(join(store.storeDir, 'tags')), []);
});

test('clears what a process left that died while unpacking, and nothing of one that lives', async (context) => {
  const store = aStore(context);
  const own = await nodeHost.identify(process.pid);
  const living = `${process.pid}.${own?.startTicks}.living`;
  mkdirSync(join(store.storeDir, 'tmp', living), { recursive: true });
  mkdirSync(join(store.storeDir, 'tmp', `${process.pid}.1.reused-pid`, 'image'), { recursive: true });
  await store.take(dockerArchive([image]));
  assert.deepEqual(readdirSync(join(store.storeDir, 'tmp')), [living]);
});

function replaced(archive: Buffer, from: string, to: string): Buffer {
  return Buffer.from(archive.toString('latin1').replace(from, to), 'latin1');
}

for (const [what, archive, reason] of [
  ['a layer that was changed', replaced(dockerArchive([image]), 'two', 'TWO'), /layer of the image has the digest/],
  [
    'a config that was changed',
    replaced(dockerArchive([image]), '"A=1"', '"A=2"'),
    /config of the image has the digest/,
  ],
  ['an archive that lacks a layer', replaced(dockerArchive([image]), 'layer.tar', 'layer.rat'), /lacks .*layer.tar/],
  ['an archive cut short', dockerArchive([image]).subarray(0, 1200), /holds neither|ends in the middle/],
  ['something else', aTar([{ path: 'readme', content: 'x' }]), /neither manifest.json nor index.json/],
] as const) {
  test(`refuses ${what} and leaves no trace`, async (context) => {
    const store = aStore(context);
    await assert.rejects(store.take(archive), reason);
    assert.deepEqual(await store.list(), []);
    assert.deepEqual(readdirSync(join(store.storeDir, 'tmp')), []);
  });
}
