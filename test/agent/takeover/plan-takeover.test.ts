import assert from 'node:assert/strict';
import test from 'node:test';
import { planTakeover, type TakenPod } from '../../../src/agent/takeover/plan-takeover.ts';

const pod = (key: string, foreign: TakenPod['foreign'], settled = false): TakenPod => ({ key, foreign, settled });

test('one pod has its turn, in the order of the names, and the others wait for it', () => {
  const plan = planTakeover([pod('b', 'runs'), pod('a', 'runs'), pod('c', 'runs')], undefined);
  assert.equal(plan.turn, 'a');
  assert.deepEqual(
    [...plan.waiting],
    [
      ['b', 'a is taken over before it'],
      ['c', 'a is taken over before it'],
    ],
  );
  assert.deepEqual([...plan.kept], []);
});

test('one that was begun keeps its turn and its remains until ours is Ready', () => {
  const begun = planTakeover([pod('a', 'runs'), pod('b', 'begun')], undefined);
  assert.equal(begun.turn, 'b');
  assert.deepEqual([...begun.waiting.keys()], ['a']);
  assert.deepEqual([...begun.kept], ['b']);
  const ready = planTakeover([pod('a', 'runs'), pod('b', 'begun', true)], undefined);
  assert.equal(ready.turn, 'b');
  assert.deepEqual([...ready.kept], []);
});

test('what had stopped before we came waits for no turn, and nobody waits for it', () => {
  const plan = planTakeover([pod('a', 'remains'), pod('b', 'runs')], undefined);
  assert.equal(plan.turn, 'b');
  assert.deepEqual([...plan.waiting], []);
});

test('while somebody else looks after the old pods none is begun, and one that was is brought to its end', () => {
  const rival = 'a kubelet runs here (pid 7)';
  const idle = planTakeover([pod('a', 'runs'), pod('b', 'remains')], rival);
  assert.equal(idle.turn, undefined);
  assert.deepEqual([...idle.waiting], [['a', rival]]);
  const begun = planTakeover([pod('a', 'runs'), pod('b', 'begun')], rival);
  assert.equal(begun.turn, 'b');
  assert.deepEqual([...begun.waiting], [['a', rival]]);
});
