import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReviewCache } from '../../../src/agent/kubelet-api/review-cache.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

function cacheOf(maxEntries = 10) {
  const clock = new FakeClock();
  let asked = 0;
  const cache = new ReviewCache<boolean>({ clock, maxEntries, keepMs: (allowed) => (allowed ? 300_000 : 30_000) });
  const get = (key: string, answer = true) =>
    cache.get(key, async () => {
      asked += 1;
      return answer;
    });
  return { clock, cache, get, asked: () => asked };
}

test('keeps yes for five minutes and no for half a minute, whatever happens to the time of day', async () => {
  const { clock, get, asked } = cacheOf();
  await get('yes');
  await get('no', false);
  clock.set(-3_600_000);
  await clock.advance(29_999);
  assert.deepEqual([await get('yes'), await get('no', false), asked()], [true, false, 2]);
  await clock.advance(1);
  await get('no', false);
  assert.equal(asked(), 3);
  await clock.advance(270_000);
  await get('yes');
  assert.equal(asked(), 4);
});

test('asks once when several ask at the same time, and forgets an error', async () => {
  const { cache, get, asked } = cacheOf();
  await Promise.all([get('a'), get('a'), get('a')]);
  assert.equal(asked(), 1);
  const fails = () => cache.get('b', () => Promise.reject(new Error('API down')));
  await assert.rejects(fails(), /API down/);
  assert.equal(await get('b'), true);
});

test('forgets the oldest answer when it is full', async () => {
  const { get, asked } = cacheOf(2);
  for (const key of ['a', 'b', 'c', 'b', 'c']) await get(key);
  assert.equal(asked(), 3);
  await get('a');
  assert.equal(asked(), 4);
});
