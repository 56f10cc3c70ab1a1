import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { stampsDirectory } from './cache.ts';
import { type Holder, withLock } from './lock.ts';

const directory = mkdtempSync(join(tmpdir(), 'components-lock-'));
const before = process.env.XDG_CACHE_HOME;
process.env.XDG_CACHE_HOME = directory;
after(() => {
  rmSync(directory, { recursive: true });
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
});

const lock = (): string => join(stampsDirectory(), 'build.lock');
const neverWaits = (holder: Holder): void => assert.fail(`waits for ${holder.pid}`);

beforeEach(() => mkdirSync(stampsDirectory(), { recursive: true }));

test('the lock is there while the work goes on and gone when it fails', async () => {
  const work = withLock(neverWaits, async () => {
    assert.ok(existsSync(lock()));
    throw new Error('no luck');
  });
  await assert.rejects(work, /no luck/);
  assert.equal(existsSync(lock()), false);
});

test('the lock of a process that was killed is taken over', async () => {
  const { pid } = spawnSync('true');
  writeFileSync(lock(), JSON.stringify({ pid, startTime: '1', since: '' }));
  assert.equal(await withLock(neverWaits, async () => 'done'), 'done');
});

test('a pid that now belongs to another process does not hold the lock', async () => {
  writeFileSync(lock(), JSON.stringify({ pid: process.pid, startTime: '1', since: '' }));
  assert.equal(await withLock(neverWaits, async () => 'done'), 'done');
});

test('while another builds, it waits, says for whom, and can be interrupted', async () => {
  const interruption = new AbortController();
  const waitedFor: number[] = [];
  await withLock(neverWaits, async () => {
    const second = withLock(
      (holder) => {
        waitedFor.push(holder.pid);
        interruption.abort();
      },
      async () => assert.fail('two at once'),
      interruption.signal,
    );
    await assert.rejects(second, { name: 'AbortError' });
    assert.ok(existsSync(lock()));
  });
  assert.deepEqual(waitedFor, [process.pid]);
});
