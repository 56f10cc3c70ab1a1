import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256Hex } from '../../src/base/hash.ts';
import { type RecordEntry, recordingHost } from '../../src/host/recording-host.ts';
import { aHost } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

function recorded(files: Record<string, string> = {}) {
  const memory = new MemoryHost(files);
  const entries: RecordEntry[] = [];
  const host = recordingHost(aHost(memory), async (more) => {
    // The record comes first: a kill in between leaves nothing unclaimed.
    for (const { path, kind } of more) if (kind === 'file') assert.notEqual(memory.text(path), 'new');
    entries.push(...more);
  });
  return { host, entries, memory };
}

test('what is made is recorded before it is made, with the hash of its content', async () => {
  const { host, entries } = recorded({ '/old': 'old' });
  await host.makeDirectory('/a/b');
  await host.writeFile('/a/b/file', 'new');
  await host.writeFile('/old', 'new');
  await host.makeSymlink('file', '/a/b/link');
  assert.deepEqual(entries, [
    { path: '/a', kind: 'directory' },
    { path: '/a/b', kind: 'directory' },
    { path: '/a/b/file', kind: 'file', sha256: sha256Hex('new') },
    { path: '/old', kind: 'file', sha256: sha256Hex('new'), replaced: true },
    { path: '/a/b/link', kind: 'symlink' },
  ]);
});

test('what was there already is not claimed', async () => {
  const { host, entries, memory } = recorded({ '/dir/file': 'theirs' });
  await host.makeDirectory('/dir');
  assert.equal(await host.createFile('/dir/file', 'new'), false);
  assert.deepEqual(entries, []);
  assert.equal(memory.text('/dir/file'), 'theirs');
});
