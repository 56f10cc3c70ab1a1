import assert from 'node:assert/strict';
import { appendFileSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ArchiveTagsCache, archiveTags } from '../../../src/runtime/images/archive.ts';
import { aTar, dockerArchive, ociArchive, temporaryFile } from '../../fakes/images.ts';

const layer = aTar([{ path: 'a', content: 'x' }]);
const image = { tags: ['nginx:1', 'registry.k8s.io/pause:3'], layers: [layer] };
const names = ['docker.io/library/nginx:1', 'registry.k8s.io/pause:3'];

test('names the images of a docker save archive in full', async (context) => {
  assert.deepEqual(await archiveTags(temporaryFile(context, dockerArchive([image]))), names);
});

test('names the images of an OCI layout, also when it is packed', async (context) => {
  assert.deepEqual(await archiveTags(temporaryFile(context, ociArchive(image))), names);
  assert.deepEqual(await archiveTags(temporaryFile(context, gzipSync(ociArchive(image)))), names);
});

test('does not take a bare tag for a name', async (context) => {
  const index = { manifests: [{ annotations: { 'org.opencontainers.image.ref.name': '3.10' } }] };
  assert.deepEqual(
    await archiveTags(temporaryFile(context, aTar([{ path: 'index.json', content: JSON.stringify(index) }]))),
    [],
  );
});

test('names nothing in what is no image archive', async (context) => {
  for (const content of [
    '',
    'text',
    dockerArchive([image]).subarray(0, 700),
    gzipSync('text'),
    '\x1f\x8bbroken gzip',
  ]) {
    assert.deepEqual(await archiveTags(temporaryFile(context, Buffer.from(content as string, 'latin1'))), []);
  }
});

test('reads an archive again only when it has changed', async (context) => {
  const cache: ArchiveTagsCache = new Map();
  const path = temporaryFile(context, dockerArchive([image]));
  const first = await archiveTags(path, cache);
  assert.equal(await archiveTags(path, cache), first);
  appendFileSync(path, Buffer.alloc(512));
  assert.notEqual(await archiveTags(path, cache), first);
  writeFileSync(path, 'no archive');
  utimesSync(path, 1, 1);
  assert.deepEqual(await archiveTags(path, cache), []);
});
