import assert from 'node:assert/strict';
import test from 'node:test';
import { rotateLogs } from '../../../src/agent/logs/rotate-logs.ts';
import { silentLog } from '../../../src/base/log.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

test('a log that is too large is moved away, the older ones move on, the oldest goes', async () => {
  const host = new MemoryHost({
    '/l/0.log': 'x'.repeat(11),
    '/l/0.log.1': 'b',
    '/l/0.log.2': 'c',
    '/m/0.log': 'small',
  });
  const moveLog = async ({ path }: { path: string }, to: string) => {
    host.seed(to, host.text(path) ?? '');
    host.seed(path, '');
  };
  const logs = ['/l/0.log', '/m/0.log', '/gone.log'].map((path) => ({ id: path, path }));
  await rotateLogs({ host, maxBytes: 10, maxFiles: 3, moveLog, log: silentLog }, logs);
  assert.equal(host.text('/l/0.log'), '');
  assert.equal(host.text('/l/0.log.1'), 'x'.repeat(11));
  assert.equal(host.text('/l/0.log.2'), 'b');
  assert.equal(host.text('/l/0.log.3'), undefined);
  assert.equal(host.text('/m/0.log'), 'small');
});
