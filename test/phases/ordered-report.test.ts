import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OrderedReports } from '../../src/phases/ordered-report.ts';

function recorded(names: readonly string[]) {
  const lines: string[] = [];
  const reports = new OrderedReports(
    names,
    {
      item: ({ item }) => lines.push(`  ${item}`),
      waiting: (what) => lines.push(`  waits ${what}`),
      info: (message) => lines.push(`  ${message}`),
      warn: (message) => lines.push(`  ${message}`),
      file: (path) => lines.push(`  ${path}`),
    },
    { phaseStarted: (name) => lines.push(name), phaseEnded: (name) => lines.push(`${name} ended`) },
  );
  const item = (phase: string, name: string) => reports.of(phase).item({ item: name, action: '', because: '' });
  return { lines, reports, item };
}

test('what a later phase says is shown after those before it have ended', () => {
  const { lines, reports, item } = recorded(['a', 'b', 'c']);
  item('c', 'c1');
  item('a', 'a1');
  item('b', 'b1');
  reports.ended('b', { durationMs: 1 });
  item('a', 'a2');
  reports.ended('a', { durationMs: 1 });
  item('c', 'c2');
  reports.ended('c', { durationMs: 1 });
  assert.deepEqual(lines, ['a', '  a1', '  a2', 'a ended', 'b', '  b1', 'b ended', 'c', '  c1', '  c2', 'c ended']);
});

test('only the phase that is shown draws what it waits for', () => {
  const { lines, reports } = recorded(['a', 'b']);
  reports.of('b').waiting('b', 0);
  reports.of('a').waiting('a', 0);
  assert.deepEqual(lines, ['a', '  waits a']);
});

test('what is held back is shown when a failure ends the workflow', () => {
  const { lines, reports, item } = recorded(['a', 'b', 'c']);
  item('a', 'a1');
  item('b', 'b1');
  reports.flush();
  assert.deepEqual(
    lines.filter((line) => line.startsWith('  ')),
    ['  a1', '  b1'],
  );
});
