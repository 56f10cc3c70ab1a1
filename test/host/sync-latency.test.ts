import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { syncLatencies } from '../../src/host/sync-latency.ts';

test('small writes are measured until they are on the disk, and leave nothing there', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sync-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const latencies = await syncLatencies(directory, 50);
  assert.ok(latencies.length > 0 && latencies.length <= 100);
  assert.ok(latencies.every((milliseconds) => milliseconds > 0));
  assert.deepEqual(await syncLatencies(directory, 0), []);
  assert.deepEqual(readdirSync(directory), []);
});

test('where no file can be made there is nothing to measure', async () => {
  await assert.rejects(syncLatencies('/nonexistent/here', 50), { code: 'ENOENT' });
});
