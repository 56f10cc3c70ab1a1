import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { castOf, castText } from '../../scripts/recording/cast.ts';
import { castSvg } from '../../scripts/recording/cast-svg.ts';
import { rowVersions } from '../../scripts/recording/terminal-rows.ts';

const cast = (...events: readonly (readonly [number, string])[]) => ({
  title: 'a & b',
  timestamp: 0,
  columns: 10,
  rows: 2,
  events,
});

describe('a recording', () => {
  test('of the documentation is drawn as its picture shows it', () => {
    const files = globSync('docs/recordings/*.cast');
    assert.ok(files.length >= 2);
    for (const file of files) {
      const text = readFileSync(file, 'utf8');
      assert.equal(castText(castOf(text)), text);
      assert.equal(readFileSync(file.replace(/cast$/, 'svg'), 'utf8'), castSvg(castOf(text)));
    }
  });

  test('shows a line that is drawn over itself one form at a time', () => {
    const versions = rowVersions(cast([0, '1 s'], [1, '\r\u001b[2K2 s'], [2, '\r\u001b[2Kdone\n']));
    assert.deepEqual(
      versions.map(({ row, fromSeconds, untilSeconds, spans }) => [row, fromSeconds, untilSeconds, spans[0]?.text]),
      [
        [0, 0, 1, '1 s'],
        [0, 1, 2, '2 s'],
        [0, 2, undefined, 'done'],
      ],
    );
  });

  test('keeps colours, and goes on in the next row where a line is too long', () => {
    const versions = rowVersions(cast([0, '\u001b[31mred\u001b[39m and black']));
    assert.deepEqual(
      versions.map(({ row, spans }) => [row, spans]),
      [
        [
          0,
          [
            { text: 'red', classes: ['red'] },
            { text: ' and bl', classes: [] },
          ],
        ],
        [1, [{ text: 'ack', classes: [] }]],
      ],
    );
  });

  test('moves up when there are more rows than the window has, and is sound XML', () => {
    const svg = castSvg(cast([0, '<1>\n'], [1, '2\n'], [2, '3']));
    assert.match(svg, /translateY\(-18px\)/);
    assert.match(svg, /&lt;1&gt;/);
    assert.match(svg, /<title>a &amp; b<\/title>/);
  });
});
