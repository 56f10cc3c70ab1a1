import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jsonPatch, mergePatch } from '../../src/manifests/json-patch.ts';

/** RFC 7396, appendix A. */
const merges: readonly (readonly [unknown, unknown, unknown])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'foo' }, null, null],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

/** RFC 6902, appendix A. */
const patches: readonly (readonly [string, unknown, unknown, unknown])[] = [
  ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
  ['inserts into a list', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
  ['appends to a list', { a: [1] }, [{ op: 'add', path: '/a/-', value: [2] }], { a: [1, [2]] }],
  ['removes a member', { a: 1, b: 2 }, [{ op: 'remove', path: '/b' }], { a: 1 }],
  ['removes from the end of a list', { a: [1, 2] }, [{ op: 'remove', path: '/a/-1' }], { a: [1] }],
  ['replaces', { a: { b: 1 } }, [{ op: 'replace', path: '/a/b', value: 2 }], { a: { b: 2 } }],
  ['moves', { a: [1, 2, 3] }, [{ op: 'move', from: '/a/0', path: '/a/2' }], { a: [2, 3, 1] }],
  ['copies', { a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
  [
    'reads escapes',
    { 'a/b': 1, '~c': 2 },
    [
      { op: 'remove', path: '/a~1b' },
      { op: 'remove', path: '/~0c' },
    ],
    {},
  ],
  ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 1 } }], { b: 1 }],
  ['tests deeply', { a: [{ b: 1 }] }, [{ op: 'test', path: '/a', value: [{ b: 1 }] }], { a: [{ b: 1 }] }],
];

const wrong: readonly (readonly [string, unknown, RegExp])[] = [
  ['no list', {}, /a json patch is a list/],
  ['no operation', ['x'], /an operation is an object/],
  ['no path', [{ op: 'add', value: 1 }], /op and path are needed/],
  ['no value', [{ op: 'add', path: '/a' }], /value is needed/],
  ['no from', [{ op: 'move', path: '/a' }], /from is needed/],
  ['no pointer', [{ op: 'remove', path: 'a' }], /a is no JSON pointer/],
  ['an index beyond the end', [{ op: 'add', path: '/list/5', value: 1 }], /the list has no index 5/],
  ['a name in a list', [{ op: 'remove', path: '/list/x' }], /x is no index of a list/],
  ['replacing nothing', [{ op: 'replace', path: '/x', value: 1 }], /\/x is not there/],
];

describe('a merge patch', () => {
  for (const [from, patch, to] of merges) {
    test(`${JSON.stringify(from)} with ${JSON.stringify(patch)}`, () => assert.deepEqual(mergePatch(from, patch), to));
  }
});

describe('a JSON patch', () => {
  for (const [name, from, patch, to] of patches) {
    test(name, () => {
      const before = structuredClone(from);
      assert.deepEqual(jsonPatch(from, patch), to);
      assert.deepEqual(from, before, 'the original is not changed');
    });
  }
  for (const [name, patch, expected] of wrong) {
    test(`is refused: ${name}`, () => assert.throws(() => jsonPatch({ list: [1] }, patch), expected));
  }
});
