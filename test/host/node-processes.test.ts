import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeHost } from '../../src/host/node-host.ts';

test('a pid that would mean a process group gets no signal', () => {
  assert.equal(nodeHost.kill(process.pid, 0), true);
  for (const group of [0, -1, -process.pid]) assert.equal(nodeHost.kill(group, 0), false);
});
