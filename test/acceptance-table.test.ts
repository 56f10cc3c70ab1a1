import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

const range = (letter: string, last: number) => Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
/** Rows of the catalogue that have to be there, by their names. */
const wanted = [
  ...['M1', 'M2', 'M3', 'M4', 'M5', 'M6a', 'M6b', 'M6c', 'M7', 'M8'],
  ...[...range('G', 4), ...range('S', 7), ...range('L', 9), ...range('A', 24)],
];

type Row = { readonly id: string; readonly tests: string };

const rows: readonly Row[] = readFileSync('test/README.md', 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, id, , tests] = /^\| (.+?) \| (.+?) \| (.+) \|$/.exec(line) ?? [];
    return id === undefined || tests === undefined ? [] : [{ id, tests }];
  });
const catalogue = rows.slice(rows.findIndex(({ id }) => id === 'row') + 1);

test('the acceptance table has every row of the catalogue', () => {
  const missing = wanted.filter((id) => !catalogue.some((row) => row.id === id));
  assert.deepEqual(missing, []);
});

test('each row of the acceptance table names a test that is there, or says why it does not apply', () => {
  const wrong = catalogue.flatMap(({ id, tests }) => {
    const named = [...tests.matchAll(/`([\w./-]+\.ts)`(?: "([^"]+)")?/g)];
    if (named.length === 0) return /^not applicable/.test(tests) ? [] : [`${id}: no test and no reason`];
    return named.flatMap(([, file = '', sentence = '']) => {
      const path = join('test', file);
      if (!existsSync(path)) return [`${id}: ${path} is not there`];
      return readFileSync(path, 'utf8').replaceAll("\\'", "'").includes(sentence)
        ? []
        : [`${id}: ${path} does not contain "${sentence}"`];
    });
  });
  assert.deepEqual(wrong, []);
});
