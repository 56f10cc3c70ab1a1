import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeProcessUsage } from '../../../src/runtime/process/stats.ts';

test('reads what a process uses, with the children that have ended, whatever its name', () => {
  const fields = Array.from({ length: 50 }, (_, index) => String(index + 3));
  const { startTicks, usage } = decodeProcessUsage(`4711 (a) b (c)) ${fields.join(' ')}\n`);
  assert.equal(startTicks, '22');
  assert.deepEqual(usage, {
    cpuNanoseconds: (14 + 15 + 16 + 17) * 1e7,
    usageBytes: 24 * 4096,
    workingSetBytes: 24 * 4096,
    rssBytes: 24 * 4096,
    pageFaults: 21,
    majorPageFaults: 25,
  });
});
