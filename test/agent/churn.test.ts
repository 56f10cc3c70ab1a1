import assert from 'node:assert/strict';
import test from 'node:test';
import { churn } from '../fakes/churn.ts';

test('a day with 2,500 pods that come, change and go leaves the memory where it was', async (context) => {
  const series = await churn(2500);
  const mb = series.map(({ heapBytes }) => (heapBytes / 2 ** 20).toFixed(1));
  context.diagnostic(`heap in MB over the day: ${mb.join(' ')}`);
  // The first tenth warms up caches of the machine that runs it.
  const [first, last] = [series[2]?.heapBytes ?? 0, series.at(-1)?.heapBytes ?? 0];
  assert.ok(last < first + 2 * 2 ** 20, `from ${first} to ${last} bytes`);
});
