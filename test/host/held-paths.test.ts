import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { nodeHost } from '../../src/host/node-host.ts';

const root = mkdtempSync(join(tmpdir(), 'held-'));
const outside = join(root, 'outside');
let volume = '';
let count = 0;

mkdirSync(outside);
writeFileSync(join(outside, 'secret'), 'secret');
after(() => rmSync(root, { recursive: true }));
beforeEach(() => {
  count += 1;
  volume = join(root, `volume${count}`);
  mkdirSync(join(volume, 'a'), { recursive: true });
  writeFileSync(join(volume, 'a/file'), 'mine');
});

const read = (path: string) => nodeHost.holdInside(volume, path, {}, (held) => readFile(held.path, 'utf8'));

test('opens what is inside, through links that stay inside', async () => {
  symlinkSync('a', join(volume, 'link'));
  symlinkSync(join(volume, 'a'), join(volume, 'whole'));
  for (const path of ['a/file', 'link/file', 'whole/file', './a//file']) assert.equal(await read(path), 'mine');
});

test('makes missing directories with the mode asked for, and only when asked', async () => {
  await assert.rejects(read('b/c'), { code: 'ENOENT' });
  const isDirectory = await nodeHost.holdInside(
    volume,
    'b/c',
    { makeMissing: 0o777 },
    async (held) => held.isDirectory,
  );
  assert.equal(isDirectory, true);
  assert.equal(statSync(join(volume, 'b/c')).mode & 0o7777, 0o777);
});

test('refuses links and names that lead out', async () => {
  symlinkSync(outside, join(volume, 'out'));
  symlinkSync('../../outside/secret', join(volume, 'a/up'));
  symlinkSync('/nowhere/at/all', join(volume, 'dangling'));
  await assert.rejects(read('out/secret'), /leads out/);
  await assert.rejects(read('a/up'), /leads out/);
  await assert.rejects(read('a/../../outside/secret'), /holds \.\./);
  await assert.rejects(nodeHost.holdInside(volume, 'dangling/x', { makeMissing: 0o755 }, read as never));
});

test('never follows a directory that is swapped for a link while it is opened', async () => {
  const swap = join(volume, 'swap');
  let stop = false;
  const swapping = (async () => {
    while (!stop) {
      mkdirSync(swap);
      writeFileSync(join(swap, 'secret'), 'mine');
      await new Promise((resolve) => setImmediate(resolve));
      renameSync(swap, join(volume, 'aside'));
      symlinkSync(outside, swap);
      await new Promise((resolve) => setImmediate(resolve));
      unlinkSync(swap);
      rmSync(join(volume, 'aside'), { recursive: true });
    }
  })();
  const seen = new Set<string>();
  for (let attempt = 0; attempt < 200; attempt++) {
    seen.add(await read('swap/secret').catch((thrown: Error) => `refused: ${thrown.message.replace(/'.*/, '')}`));
  }
  stop = true;
  await swapping;
  assert.ok(!seen.has('secret'), [...seen].join('\n'));
  assert.ok([...seen].some((outcome) => outcome.startsWith('refused')));
});

test('what is held stays the same whatever becomes of its name', async () => {
  const text = await nodeHost.holdInside(volume, 'a', {}, async (held) => {
    renameSync(join(volume, 'a'), join(volume, 'b'));
    symlinkSync(outside, join(volume, 'a'));
    return readFile(join(held.path, 'file'), 'utf8');
  });
  assert.equal(text, 'mine');
});
