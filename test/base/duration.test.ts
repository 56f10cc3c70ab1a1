import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, humanDuration, parseDuration } from '../../src/base/duration.ts';

const pairs: readonly (readonly [string, number | undefined])[] = [
  ['4m0s', 240_000],
  ['8760h', 31_536_000_000],
  ['1.5h', 5_400_000],
  ['1h30m', 5_400_000],
  ['500ms', 500],
  ['-2s', -2000],
  ['0', 0],
  ['', undefined],
  ['5', undefined],
  ['5 s', undefined],
  ['4m0', undefined],
];

for (const [text, ms] of pairs) {
  test(`reads ${JSON.stringify(text)} as ${ms} ms`, () => assert.equal(parseDuration(text), ms));
}

test('prints durations as Go does', () => {
  assert.equal(formatDuration(240_000), '4m0s');
  assert.equal(formatDuration(31_536_000_000), '8760h0m0s');
  assert.equal(formatDuration(10_000), '10s');
  assert.equal(formatDuration(0), '0s');
});

test('prints durations for people', () => {
  assert.equal(humanDuration(3210), '3.2 s');
  assert.equal(humanDuration(364 * 86_400_000), '364 d');
});
