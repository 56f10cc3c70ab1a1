import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { strategicMerge } from '../../src/manifests/strategic-merge.ts';

type Item = Readonly<Record<string, unknown>>;

/** From strategicpatch's own tests and by trying the built kubeadm (test/e2e/kubeadm-manifests.test.ts). */
const cases: readonly { readonly name: string; readonly type?: string; from: Item; patch: Item; to: Item }[] = [
  {
    name: 'merges objects and replaces plain values',
    from: { a: { b: 1, c: 2 } },
    patch: { a: { c: 3 } },
    to: { a: { b: 1, c: 3 } },
  },
  { name: 'removes by null', from: { a: 1, b: 2 }, patch: { a: null, c: null }, to: { b: 2 } },
  {
    name: 'merges containers by name and puts new ones before those it does not name',
    type: 'PodSpec',
    from: { containers: [{ name: 'a', image: 'x' }, { name: 'b' }] },
    patch: { containers: [{ name: 'c' }, { name: 'b', image: 'y' }] },
    to: { containers: [{ name: 'c' }, { name: 'a', image: 'x' }, { name: 'b', image: 'y' }] },
  },
  {
    name: 'merges ports by containerPort, mounts by mountPath and variables by name',
    type: 'Container',
    from: {
      ports: [{ containerPort: 1, name: 'a' }],
      volumeMounts: [{ mountPath: '/a', name: 'x' }],
      env: [{ name: 'A', value: '1' }],
    },
    patch: {
      ports: [{ containerPort: 1, name: 'b' }],
      volumeMounts: [{ mountPath: '/a', readOnly: true }],
      env: [{ name: 'A', value: '2' }],
    },
    to: {
      ports: [{ containerPort: 1, name: 'b' }],
      volumeMounts: [{ mountPath: '/a', name: 'x', readOnly: true }],
      env: [{ name: 'A', value: '2' }],
    },
  },
  {
    name: 'replaces lists without a merge key: tolerations, command',
    type: 'PodSpec',
    from: { tolerations: [{ key: 'a' }], containers: [{ name: 'a', command: ['x', 'y'] }] },
    patch: { tolerations: [{ key: 'b' }], containers: [{ name: 'a', command: ['z'] }] },
    to: { tolerations: [{ key: 'b' }], containers: [{ name: 'a', command: ['z'] }] },
  },
  {
    name: 'deletes an item by its key',
    type: 'PodSpec',
    from: { volumes: [{ name: 'a' }, { name: 'b' }] },
    patch: { volumes: [{ name: 'a', $patch: 'delete' }] },
    to: { volumes: [{ name: 'b' }] },
  },
  {
    name: 'replaces a whole list',
    type: 'PodSpec',
    from: { volumes: [{ name: 'a' }] },
    patch: { volumes: [{ $patch: 'replace' }, { name: 'b' }] },
    to: { volumes: [{ name: 'b' }] },
  },
  {
    name: 'replaces or empties an object',
    from: { a: { x: 1 }, b: { x: 1 } },
    patch: { a: { $patch: 'replace', y: 2 }, b: { $patch: 'delete' } },
    to: { a: { y: 2 }, b: {} },
  },
  {
    name: 'keeps only the keys of $retainKeys',
    type: 'Volume',
    from: { name: 'a', emptyDir: {} },
    patch: { $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } },
    to: { name: 'a', hostPath: { path: '/x' } },
  },
  {
    name: 'orders a list by $setElementOrder, the others staying where they were between',
    type: 'PodSpec',
    from: { containers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
    patch: { '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }] },
    to: { containers: [{ name: 'b' }, { name: 'c' }, { name: 'a' }] },
  },
  {
    name: 'merges plain lists as sets and deletes from them',
    type: 'ObjectMeta',
    from: { finalizers: ['a', 'b'] },
    patch: { finalizers: ['c', 'a'] },
    to: { finalizers: ['c', 'a', 'b'] },
  },
  {
    name: 'deletes from a plain list',
    type: 'ObjectMeta',
    from: { finalizers: ['a', 'b'] },
    patch: { '$deleteFromPrimitiveList/finalizers': ['a'] },
    to: { finalizers: ['b'] },
  },
  {
    name: 'leaves directives and nulls out of what is new',
    from: {},
    patch: { a: { b: null, c: { $patch: 'delete' }, d: 1 } },
    to: { a: { d: 1 } },
  },
];

describe('a strategic merge patch', () => {
  for (const { name, type, from, patch, to } of cases) {
    test(name, () => {
      const before = structuredClone(from);
      assert.deepEqual(strategicMerge(from, patch, type), to);
      assert.deepEqual(from, before, 'the original is not changed');
    });
  }
});
