import assert from 'node:assert/strict';
import test from 'node:test';
import { type EndNotes, endedAgoMs, noteEnds } from '../../../src/agent/plan/end-notes.ts';
import { aDeadContainer, anObserved, anObservedPod, startMs } from '../../fakes/agent-builders.ts';

const running = [anObservedPod({ containers: [anObserved()] })];
const dead = [anObservedPod({ containers: [aDeadContainer({ finishedAtMs: startMs })] })];
const nothing: EndNotes = new Map();

test('an end is when the container says, as far as that is after it was last seen alive and not in the future', () => {
  const alive = noteEnds(nothing, running, { nowMs: startMs, ticks: 5000 });
  const cases: readonly [string, EndNotes, number, number][] = [
    ['seen alive, ended 300 ms ago', alive, startMs + 300, 300],
    ['seen alive 1 s ago, says it ended an hour ago: the clock was set', alive, startMs + 3_600_000, 1000],
    ['seen alive, says it will end: the clock was set', alive, startMs - 3_600_000, 0],
    ['never seen alive, ended an hour ago', nothing, startMs + 3_600_000, 3_600_000],
    ['never seen alive, in the future', nothing, startMs - 1, 0],
  ];
  for (const [title, notes, nowMs, agoMs] of cases) {
    const next = noteEnds(notes, dead, { nowMs, ticks: 6000 });
    assert.equal(endedAgoMs(next, 'app-0', 6000), agoMs, title);
    assert.equal(endedAgoMs(next, 'app-0', 9000), agoMs + 3000, title);
  }
});

test('a noted end stays, whatever the clock says later; what is gone is forgotten', () => {
  const noted = noteEnds(nothing, dead, { nowMs: startMs + 100, ticks: 1000 });
  const later = noteEnds(noted, dead, { nowMs: startMs - 1_000_000, ticks: 2000 });
  assert.equal(endedAgoMs(later, 'app-0', 2000), 1100);
  assert.equal(noteEnds(later, [], { nowMs: startMs, ticks: 3000 }).size, 0);
  assert.equal(endedAgoMs(later, 'unknown', 2000), undefined);
});
