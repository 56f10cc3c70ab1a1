import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeoutError } from '../../src/base/errors.ts';
import { retryUntil } from '../../src/base/retry.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

test('gives the first value that comes', async () => {
  const clock = new FakeClock();
  let tries = 0;
  const value = retryUntil(async () => (++tries === 3 ? 'here' : undefined), {
    clock,
    everyMs: 100,
    timeoutMs: 1000,
    what: 'it',
  });
  await clock.advance(200);
  assert.equal(await value, 'here');
});

test('times out with the last reason', async () => {
  const clock = new FakeClock();
  const attempt = async () => {
    throw new Error('connection refused');
  };
  const result = retryUntil(attempt, { clock, everyMs: 100, timeoutMs: 1000, what: 'the API server' });
  const rejected = assert.rejects(
    result,
    (thrown) => thrown instanceof TimeoutError && thrown.lastReason === 'connection refused',
  );
  await clock.advance(1000);
  await rejected;
});

test('ends at once on an error that is fatal', async () => {
  const clock = new FakeClock();
  const attempt = async () => {
    throw new Error('exited');
  };
  const result = retryUntil(attempt, { clock, everyMs: 100, timeoutMs: 1000, what: 'it', fatal: () => true });
  await assert.rejects(result, /exited/);
});
