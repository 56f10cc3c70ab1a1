import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rest } from '../../src/base/clock.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

/** How long the rest is after a look that took so long, in milliseconds. */
async function restAfter(tookMs: number): Promise<number> {
  const clock = new FakeClock();
  const sinceTicks = clock.ticks();
  await clock.advance(tookMs);
  const lookedTicks = clock.ticks();
  const rested = rest(clock, { everyMs: 50, sinceTicks }).then(() => clock.ticks() - lookedTicks);
  await clock.advance(60_000);
  return rested;
}

describe('the rest between two looks', () => {
  it('is as long as it is meant to be where looks are quick', async () => {
    assert.equal(await restAfter(5), 50);
  });

  it('is longer than the look where that took long, but not without end', async () => {
    assert.equal(await restAfter(400), 800);
    assert.equal(await restAfter(30_000), 5_000);
  });
});
