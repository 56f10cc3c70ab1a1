import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { holdFile } from '../../src/host/held-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'held-file-'));
after(() => rmSync(directory, { recursive: true }));
const path = join(directory, '0.log');

function openFiles(): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return targets.filter((target) => target.startsWith(directory)).length;
}

async function text(held: ReturnType<typeof holdFile>, offset = 0, at = path): Promise<string | undefined> {
  const part = await held.readPart(at, offset, 100);
  return part && Buffer.from(part.data).toString();
}

test('a held file is read on after it was removed, until it is closed', async () => {
  const held = holdFile(path);
  assert.equal(await text(held), undefined, 'not there yet');
  writeFileSync(path, 'one\n');
  assert.equal(await text(held), 'one\n');
  appendFileSync(path, 'two\n');
  rmSync(path);
  assert.equal(await text(held, 4), 'two\n');
  assert.equal(await text(held, 8), '');
  assert.equal(openFiles(), 1);
  await held.close();
  assert.equal(openFiles(), 0);
  assert.equal(await text(held), undefined);
  await held.close();
});

test('another file at its path takes its place, and other paths are read as they are', async () => {
  const held = holdFile(path);
  writeFileSync(path, 'old\n');
  const before = await held.readPart(path, 0, 10);
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'new\n');
  const now = await held.readPart(path, 0, 10);
  assert.notEqual(now?.inode, before?.inode);
  assert.equal(await text(held), 'new\n');
  assert.equal(await text(held, 0, `${path}.1`), 'old\n');
  assert.equal(openFiles(), 1);
  await held.close();
});

test('a link is followed, and said where to', async () => {
  const link = join(directory, 'link');
  writeFileSync(path, 'there\n');
  symlinkSync(path, link);
  const held = holdFile(link);
  assert.equal((await held.readPart(link, 0, 10))?.path, path);
  rmSync(path);
  rmSync(link);
  const part = await held.readPart(link, 0, 10);
  assert.deepEqual([String(part?.data), part?.path], ['there\n', path]);
  await held.close();
});
