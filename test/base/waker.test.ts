import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Waker } from '../../src/base/waker.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

/** What is over, after the event loop has turned. */
async function ended(clock: FakeClock, sleeping: Promise<void>): Promise<boolean> {
  let over = false;
  void sleeping.then(() => {
    over = true;
  });
  await clock.advance(0);
  return over;
}

const { signal } = new AbortController();

test('sleeps for its time, or until it is woken', async () => {
  const clock = new FakeClock();
  const waker = new Waker();
  const first = waker.sleep(clock, 1_000, signal);
  assert.equal(await ended(clock, first), false);
  await clock.advance(1_000);
  assert.equal(await ended(clock, first), true);
  const second = waker.sleep(clock, undefined, signal);
  await clock.advance(1e9);
  assert.equal(await ended(clock, second), false);
  waker.wake();
  assert.equal(await ended(clock, second), true);
});

test('a call before the sleep counts once', async () => {
  const clock = new FakeClock();
  const waker = new Waker();
  waker.wake();
  waker.wake();
  assert.equal(await ended(clock, waker.sleep(clock, undefined, signal)), true);
  assert.equal(await ended(clock, waker.sleep(clock, undefined, signal)), false);
});

test('the signal ends it', async () => {
  const clock = new FakeClock();
  const over = new AbortController();
  const sleeping = new Waker().sleep(clock, undefined, over.signal);
  over.abort();
  assert.equal(await ended(clock, sleeping), true);
});
