import assert from 'node:assert/strict';
import test from 'node:test';
import { collectWhenQuiet } from '../../../src/cli/agent/collect-when-quiet.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

test('collects once, ten seconds after the last that was done', async () => {
  const clock = new FakeClock();
  let collected = 0;
  const memory = collectWhenQuiet(clock, () => collected++);
  memory.busy();
  await clock.advance(9000);
  memory.busy();
  await clock.advance(9000);
  assert.equal(collected, 0);
  await clock.advance(1000);
  assert.equal(collected, 1);
  await clock.advance(60_000);
  assert.equal(collected, 1);
  memory.busy();
  await clock.advance(10_000);
  assert.equal(collected, 2);
});

test('tells once that it has become busy, and again after it was quiet', async () => {
  const clock = new FakeClock();
  let stirred = 0;
  const memory = collectWhenQuiet(
    clock,
    () => {},
    () => stirred++,
  );
  memory.busy();
  memory.busy();
  assert.equal(stirred, 1);
  await clock.advance(10_000);
  memory.busy();
  assert.equal(stirred, 2);
});

test('collects nothing after its end', async () => {
  const clock = new FakeClock();
  const memory = collectWhenQuiet(clock, () => assert.fail('collected'));
  memory.busy();
  memory.end();
  await clock.advance(10_000);
});
