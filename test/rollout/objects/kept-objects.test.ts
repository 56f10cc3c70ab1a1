import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptObjectsText, readKeptObjects } from '../../../src/rollout/objects/kept-objects.ts';
import { readRevision } from '../../../src/rollout/revisions/revision-files.ts';
import { writeRevision } from '../../../src/rollout/revisions/revisions.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { wantedMap } from '../../fakes/object-builders.ts';
import { aDraft, revisionsDir } from '../../fakes/revision-builders.ts';

const objects = [wantedMap('kubelet-config', { kubelet: 'maxPods: 50\n' })];

test('a revision keeps the objects that it wants in the cluster, for a rollback', async () => {
  const host = Object.assign(new MemoryHost(), { pid: 1 });
  const { number } = await writeRevision(host, revisionsDir, aDraft({ objects }));
  assert.deepEqual((await readRevision(host, revisionsDir, number))?.objects, objects);
});

test('a revision of a release that kept none, or a file that is damaged, has none', () => {
  assert.equal(readKeptObjects(undefined), undefined);
  assert.equal(readKeptObjects('{"half'), undefined);
  assert.equal(readKeptObjects('[{"phase": "addon/coredns"}]'), undefined);
  assert.deepEqual(readKeptObjects(keptObjectsText(objects)), objects);
});
