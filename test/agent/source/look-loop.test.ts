import assert from 'node:assert/strict';
import test from 'node:test';
import { LookLoop } from '../../../src/agent/source/look-loop.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

function aLoop(look: (count: number) => Promise<number> | number) {
  const clock = new FakeClock();
  let looks = 0;
  const loop = new LookLoop({ clock, log: recordingLog(), look: async () => look(++looks) });
  return { clock, loop, looks: () => looks };
}

test('requests during a look lead to exactly one more', async () => {
  const gate = Promise.withResolvers<number>();
  const { loop, looks } = aLoop((count) => (count === 1 ? gate.promise : 1000));
  const first = loop.now();
  await Promise.resolve();
  await Promise.resolve();
  const more = Promise.all(Array.from({ length: 500 }, () => loop.now()));
  gate.resolve(1000);
  await Promise.all([first, more]);
  assert.equal(looks(), 2);
  await loop.stop();
});

test('the next look comes when the last one says so, at once for 0', async () => {
  const { clock, loop, looks } = aLoop((count) => (count === 1 ? 0 : 500));
  await loop.now();
  assert.equal(looks(), 2);
  await clock.advance(499);
  assert.equal(looks(), 2);
  await clock.advance(1);
  assert.equal(looks(), 3);
  await loop.stop();
  await clock.advance(10_000);
  assert.equal(looks(), 3);
});

test('a look that throws is tried again and stops nothing', async () => {
  const { clock, loop, looks } = aLoop((count) => {
    if (count === 1) throw new Error('disk full');
    return 60_000;
  });
  await loop.now();
  await clock.advance(5000);
  assert.equal(looks(), 2);
  await loop.now();
  assert.equal(looks(), 3);
  await loop.stop();
});
