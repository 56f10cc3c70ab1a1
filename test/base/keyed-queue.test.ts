import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedQueue } from '../../src/base/keyed-queue.ts';

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test('runs one turn per key at a time and exactly one more after any number of requests', async () => {
  const { open, opened } = gate();
  let turns = 0;
  let running = 0;
  let most = 0;
  const queue = new KeyedQueue(async () => {
    turns += 1;
    running += 1;
    most = Math.max(most, running);
    await opened;
    running -= 1;
  });
  queue.request('a');
  await Promise.resolve();
  for (let request = 0; request < 50; request++) queue.request('a');
  open();
  await queue.idle();
  assert.equal(turns, 2);
  assert.equal(most, 1);
});

test('a slow key does not hold up another', async () => {
  const { open, opened } = gate();
  const done: string[] = [];
  const queue = new KeyedQueue(async (key) => {
    if (key === 'slow') await opened;
    done.push(key);
    if (key === 'fast') open();
  });
  queue.request('slow');
  queue.request('fast');
  await queue.idle();
  assert.deepEqual(done, ['fast', 'slow']);
});
