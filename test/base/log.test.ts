import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalLog } from '../../src/base/log.ts';

test('the journal gets severities, one line each, and no times', () => {
  const lines: string[] = [];
  const log = journalLog((line) => void lines.push(line), 1);
  log.info('started');
  log.warn('slow\nvery');
  log.error('broken');
  log.verbose(1, 'detail');
  log.verbose(2, 'not asked for');
  assert.deepEqual(lines, ['<6>started', '<4>slow', '<4>very', '<3>broken', '<6>detail']);
});
