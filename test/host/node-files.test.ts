import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { nodeFiles } from '../../src/host/node-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'node-files-'));
after(() => rmSync(directory, { recursive: true }));

test('replaces a file with the wanted mode whatever the umask, and leaves nothing beside it', async () => {
  const path = join(directory, 'key');
  writeFileSync(path, 'old', { mode: 0o644 });
  const umask = process.umask(0o077);
  await nodeFiles.writeFile(path, 'new', { mode: 0o640 });
  process.umask(umask);
  assert.equal(readFileSync(path, 'utf8'), 'new');
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(directory), ['key']);
});

test('keeps the old file when the new one cannot be written', async () => {
  const path = join(directory, 'busy');
  await nodeFiles.makeDirectory(join(path, 'child'));
  await assert.rejects(nodeFiles.writeFile(path, 'x'));
  assert.deepEqual(readdirSync(path), ['child']);
  assert.ok(!readdirSync(directory).some((name) => name.endsWith('.tmp')));
});

test('creates a file only once', async () => {
  const path = join(directory, 'once');
  assert.equal(await nodeFiles.createFile(path, 'first', { mode: 0o600 }), true);
  assert.equal(await nodeFiles.createFile(path, 'second'), false);
  assert.equal(readFileSync(path, 'utf8'), 'first');
});

test('what is not there is undefined, not an error', async () => {
  const path = join(directory, 'absent', 'deeper');
  assert.equal(await nodeFiles.readFile(path), undefined);
  assert.equal(await nodeFiles.stat(path), undefined);
  assert.equal(await nodeFiles.list(path), undefined);
  await nodeFiles.remove(path);
});

test('makes parents with the mode and leaves an existing directory as it is', async () => {
  const existing = join(directory, 'existing');
  await nodeFiles.makeDirectory(existing, { mode: 0o755 });
  chmodSync(existing, 0o711);
  await nodeFiles.makeDirectory(join(existing, 'a', 'b'), { mode: 0o700 });
  assert.equal(statSync(existing).mode & 0o777, 0o711);
  assert.equal(statSync(join(existing, 'a')).mode & 0o777, 0o700);
  assert.equal(statSync(join(existing, 'a', 'b')).mode & 0o777, 0o700);
});
