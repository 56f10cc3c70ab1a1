import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inParallel } from '../../src/base/in-parallel.ts';

test('gives results in the order of the items, whichever ends first', async () => {
  const ended: number[] = [];
  const work = async (turns: number) => {
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    ended.push(turns);
    return turns * 10;
  };
  assert.deepEqual(await inParallel([9, 1, 5], 3, work), [90, 10, 50]);
  assert.deepEqual(ended, [1, 5, 9]);
});

test('begins nothing more after a failure', async () => {
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    if (item === 2) throw new Error('no');
    await Promise.resolve();
  };
  await assert.rejects(inParallel([1, 2, 3, 4, 5], 2, work), /no/);
  assert.deepEqual(begun, [1, 2]);
});

test('has nothing to do without items', async () => {
  assert.deepEqual(await inParallel([], 4, async () => 1), []);
});
