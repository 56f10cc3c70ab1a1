import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson, shortHash } from '../../src/base/hash.ts';

test('equal content has an equal hash whatever the order of its keys', () => {
  const one = { b: 1, a: [{ d: 1, c: 2 }] };
  const other = { a: [{ c: 2, d: 1 }], b: 1, absent: undefined };
  assert.equal(canonicalJson(one), canonicalJson(other));
  assert.match(shortHash(one), /^[0-9a-f]{32}$/);
  assert.equal(shortHash(one), shortHash(other));
});

test('the order of a list counts', () => {
  assert.notEqual(shortHash([1, 2]), shortHash([2, 1]));
});
