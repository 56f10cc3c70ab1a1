import assert from 'node:assert/strict';
import { test } from 'node:test';
import { currentRevision, lastGoodRevision, planPrune } from '../../../src/rollout/revisions/revision.ts';
import { aRevision } from '../../fakes/revision-builders.ts';

const good = (number: number) => aRevision(number);
const rolledBack = (number: number) => aRevision(number, { result: 'rolled-back' });
const failed = (number: number) => aRevision(number, { result: 'failed' });

test('the current revision is the newest that was not undone, the last good one the newest that was healthy', () => {
  const revisions = [good(1), good(2), failed(3), rolledBack(4)];
  assert.equal(currentRevision(revisions)?.number, 3);
  assert.equal(lastGoodRevision(revisions)?.number, 2);
  assert.equal(currentRevision([]), undefined);
  assert.equal(lastGoodRevision([failed(1)]), undefined);
});

test('pruning takes the oldest, never the current or the last good one', () => {
  assert.deepEqual(planPrune([good(1), good(2), good(3), good(4)], 2), [1, 2]);
  assert.deepEqual(planPrune([good(1), good(2)], 2), []);
  assert.deepEqual(planPrune([good(1), rolledBack(2), rolledBack(3), rolledBack(4)], 2), [2, 3]);
  assert.deepEqual(planPrune([good(1), rolledBack(2), failed(3), rolledBack(4)], 1), [2, 4]);
  assert.deepEqual(planPrune([good(1), good(2)], 0), [1], 'nobody can ask for no revision at all');
});
