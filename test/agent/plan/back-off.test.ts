import assert from 'node:assert/strict';
import test from 'node:test';
import { agentAnnotations } from '../../../src/agent/labels.ts';
import { backOffLeftMs, restartBackOff } from '../../../src/agent/plan/back-off.ts';
import { aDeadContainer, someFacts, startMs } from '../../fakes/agent-builders.ts';

const crashed = (crashes: number) => aDeadContainer({ annotations: { [agentAnnotations.crashes]: String(crashes) } });

test('restarts at once, then after 10, 20, 40, 80, 160, 300 and 300 s', () => {
  const delays = [0, 1, 2, 3, 4, 5, 6, 7, 100].map(
    (crashes) => restartBackOff(crashed(crashes), 300_000).delayMs / 1000,
  );
  assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 300, 300, 300]);
});

test('measures from the end of the dead container', () => {
  assert.equal(restartBackOff(crashed(1), 300_000).atMs, startMs + 1000 + 10_000);
});

test('never waits longer than the configured period', () => {
  assert.equal(restartBackOff(crashed(9), 30_000).delayMs, 30_000);
  assert.equal(restartBackOff(crashed(1), 1000).delayMs, 1000);
});

test('forgives after more than ten minutes of running', () => {
  const ran = (ms: number) =>
    aDeadContainer({ finishedAtMs: startMs + ms, annotations: { [agentAnnotations.crashes]: '5' } });
  assert.deepEqual(restartBackOff(ran(600_001), 300_000), { atMs: startMs + 600_001, delayMs: 0, crashes: 1 });
  assert.equal(restartBackOff(ran(600_000), 300_000).delayMs, 160_000);
});

test('counts the attempts of a container that carries no count', () => {
  const bare = { ...aDeadContainer({ attempt: 3 }), annotations: {} };
  assert.equal(restartBackOff(bare, 300_000).delayMs, 40_000);
});

test('doubles from the configured period where that is shorter than 10 s', () => {
  const delays = [0, 1, 2, 3].map((crashes) => restartBackOff(crashed(crashes), 1000).delayMs);
  assert.deepEqual(delays, [0, 1000, 1000, 1000]);
  assert.equal(restartBackOff(crashed(2), 15_000).delayMs, 15_000);
});

test('what is left of a back-off, also when somebody set the clock since the container ended', () => {
  const endMs = startMs + 1000;
  const day = 86_400_000;
  const cases: readonly [string, number, number | undefined, number][] = [
    ['the clocks agree', endMs + 4000, 4100, 6000],
    ['over', endMs + 10_000, 10_000, 0],
    ['set back: waits the rest by the other clock', endMs - day, 4000, 6000],
    ['set back: over by the other clock', endMs - day, 10_000, 0],
    ['set forward: is not skipped', endMs + day, 4000, 6000],
    ['seen by nobody, far past: over', endMs + day, undefined, 0],
    ['seen by nobody, in the future: not longer than the delay', endMs - day, undefined, 10_000],
  ];
  for (const [title, nowMs, agoMs, leftMs] of cases) {
    const facts = someFacts({ nowMs, endedAgoMs: () => agoMs });
    assert.equal(backOffLeftMs(crashed(1), facts), leftMs, title);
  }
});
