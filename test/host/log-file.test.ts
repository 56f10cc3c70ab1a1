import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLogFile } from '../../src/host/log-file.ts';

test('a line that cannot be written harms nobody, and how many are lost is said once it is possible', (t) => {
  const nowhere = openLogFile('/dev/full', 1_000);
  nowhere('nobody reads this');
  const directory = mkdtempSync(join(tmpdir(), 'log-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'agent.log');
  const write = openLogFile(path, 100);
  write('x'.repeat(95));
  // It cannot move away while it is not there.
  rmSync(path);
  write('second');
  write('third');
  assert.equal(existsSync(path), false);
  writeFileSync(path, '');
  write('fourth');
  assert.equal(readFileSync(path, 'utf8'), '2 lines before this one are lost: they could not be written\nfourth\n');
});

test('a file that is full moves away, and a new one begins', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'log-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'agent.log');
  const write = openLogFile(path, 16);
  for (const line of ['first line', 'second line', 'third line']) write(line);
  assert.equal(readFileSync(path, 'utf8'), 'third line\n');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'second line\n');
});
