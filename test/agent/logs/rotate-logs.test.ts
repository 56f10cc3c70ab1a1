import assert from 'node:assert/strict';
import test from 'node:test';
import { rotateLogs } from '../../../src/agent/logs/rotate-logs.ts';
import { silentLog } from '../../../src/base/log.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

test('a log that is too large is copied and emptied, the older ones move on, the oldest goes', async () => {
  const host = new MemoryHost({
    '/l/0.log': 'x'.repeat(11),
    '/l/0.log.1': 'b',
    '/l/0.log.2': 'c',
    '/m/0.log': 'small',
  });
  const copyAndTruncate = async (from: string, to: string) => {
    host.seed(to, host.text(from) ?? '');
    host.seed(from, '');
  };
  await rotateLogs(
    { host, maxBytes: 10, maxFiles: 3, copyAndTruncate },
    ['/l/0.log', '/m/0.log', '/gone.log'],
    silentLog,
  );
  assert.equal(host.text('/l/0.log'), '');
  assert.equal(host.text('/l/0.log.1'), 'x'.repeat(11));
  assert.equal(host.text('/l/0.log.2'), 'b');
  assert.equal(host.text('/l/0.log.3'), undefined);
  assert.equal(host.text('/m/0.log'), 'small');
});
