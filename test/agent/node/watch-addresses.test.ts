import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchAddresses } from '../../../src/agent/node/watch-addresses.ts';
import { silentLog } from '../../../src/base/log.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

test('an address that the machine has lost is said once, when it is sure, and its return', async () => {
  const clock = new FakeClock();
  const said: string[] = [];
  const log = { ...silentLog, error: (line: string) => said.push(line), info: (line: string) => said.push(line) };
  const over = new AbortController();
  let has = '192.0.2.10';
  const host = {
    addresses: () => [{ name: 'eth0', address: has, family: 4 as const, loopback: false }],
    defaultInterface: async () => 'eth0',
  };
  const watching = watchAddresses({ host, clock, log, nodeIPs: ['192.0.2.10'] }, over.signal);
  await clock.advance(30_000);
  assert.deepEqual(said, []);
  has = '192.0.2.77';
  await clock.advance(5_000);
  assert.deepEqual(said, [], 'it may be away for an instant');
  await clock.advance(60_000);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /192\.0\.2\.10 is no address .*it has 192\.0\.2\.77 \(eth0\): bootstrap apply/);
  has = '192.0.2.10';
  await clock.advance(10_000);
  assert.deepEqual(said.slice(1), ['192.0.2.10 is an address of this machine again']);
  over.abort();
  await clock.advance(10_000);
  await watching;
});
