import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { stampsDirectory } from './cache.ts';
import { type Stamp, validStamp, writeStamp } from './stamps.ts';

const directory = mkdtempSync(join(tmpdir(), 'components-stamps-'));
const before = process.env.XDG_CACHE_HOME;
process.env.XDG_CACHE_HOME = directory;
after(() => {
  rmSync(directory, { recursive: true });
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
});

const output = join(directory, 'thing');
const stamp: Stamp = { recipe: 'a', goVersion: '1.26.0', size: 5, sha256: '', seconds: 1 };

beforeEach(() => {
  writeFileSync(output, 'thing');
  writeStamp('thing', stamp);
});

test('an output made from the same recipe by the same go is kept', () => {
  assert.deepEqual(validStamp('thing', output, { recipe: 'a', goVersion: '1.26.0' }), stamp);
});

test('another recipe or another go makes it anew', () => {
  assert.equal(validStamp('thing', output, { recipe: 'b', goVersion: '1.26.0' }), undefined);
  assert.equal(validStamp('thing', output, { recipe: 'a', goVersion: '1.26.1' }), undefined);
});

test('without a go, what was built before is kept', () => {
  assert.deepEqual(validStamp('thing', output, { recipe: 'a' }), stamp);
});

test('an output that is gone or cut short is made anew', () => {
  writeFileSync(output, 'thi');
  assert.equal(validStamp('thing', output, { recipe: 'a' }), undefined);
  rmSync(output);
  assert.equal(validStamp('thing', output, { recipe: 'a' }), undefined);
});

test('a torn stamp counts as none', () => {
  writeFileSync(join(stampsDirectory(), 'thing.json'), '{"recipe":');
  assert.equal(validStamp('thing', output, { recipe: 'a' }), undefined);
});
