import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PreflightError, UsageError } from '../../../src/base/errors.ts';
import { chooseTarget } from '../../../src/rollout/revisions/rollback-target.ts';
import { aRevision } from '../../fakes/revision-builders.ts';

const revisions = [
  aRevision(3),
  aRevision(4),
  aRevision(5, { result: 'rolled-back' }),
  aRevision(6, { result: 'failed' }),
];

test('without a number it is the last good one before the current', () => {
  assert.equal(chooseTarget(revisions).number, 4);
  assert.equal(chooseTarget([aRevision(3), aRevision(4)]).number, 3);
  assert.throws(() => chooseTarget([aRevision(1)]), PreflightError);
});

test('a number that is not there is told apart from one that is not kept any more', () => {
  assert.throws(() => chooseTarget(revisions, 9), {
    name: UsageError.name,
    message: /there is no revision 9; there are 3, 4, 5, 6/,
  });
  assert.throws(() => chooseTarget(revisions, 2), { message: /revision 2 is not kept any more/ });
});

test('neither the current one nor one that never was healthy is gone back to', () => {
  assert.throws(() => chooseTarget([aRevision(3), aRevision(4)], 4), { message: /is what the control plane is now/ });
  assert.throws(() => chooseTarget(revisions, 5), { message: /revision 5 was undone/ });
  assert.throws(() => chooseTarget(revisions, 6), { message: /revision 6 failed/ });
});
