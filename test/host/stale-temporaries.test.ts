import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeHost } from '../../src/host/node-host.ts';
import { removeStaleTemporaries } from '../../src/host/stale-temporaries.ts';

test('removes temporary files of writers that no longer live, and nothing else', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'stale-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const { pid: dead } = spawnSync('true');
  for (const name of [`.ca.key.${dead}.3.tmp`, `.ca.key.${process.pid}.4.tmp`, 'ca.key', '.hidden', 'notes.tmp']) {
    writeFileSync(join(directory, name), '');
  }
  await removeStaleTemporaries(nodeHost, [directory, join(directory, 'absent')]);
  assert.deepEqual(
    readdirSync(directory).sort(),
    ['.ca.key', '.hidden', 'ca.key', 'notes.tmp']
      .map((name) => (name === '.ca.key' ? `.ca.key.${process.pid}.4.tmp` : name))
      .sort(),
  );
});
