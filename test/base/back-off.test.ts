import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backOff } from '../../src/base/back-off.ts';

test('waits double up to the longest, and begin anew after a success', () => {
  const wait = backOff({ firstMs: 100, maxMs: 700, random: () => 1 });
  assert.deepEqual([wait.next(), wait.next(), wait.next(), wait.next(), wait.next()], [100, 200, 400, 700, 700]);
  wait.reset();
  assert.equal(wait.next(), 100);
});

test('chance takes away up to half', () => {
  const wait = backOff({ firstMs: 100, maxMs: 700, random: () => 0 });
  assert.deepEqual([wait.next(), wait.next()], [50, 100]);
});

test('thousands of tries do not overflow', () => {
  const wait = backOff({ firstMs: 100, maxMs: 700, random: () => 1 });
  for (let index = 0; index < 5_000; index++) wait.next();
  assert.equal(wait.next(), 700);
});
