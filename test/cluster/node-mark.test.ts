import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controlPlaneLabels, planNodeMark } from '../../src/cluster/node-mark.ts';

const taint = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };
const other = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' };
const labels = Object.fromEntries(controlPlaneLabels.map((label) => [label, '']));

test('adds labels and taints beside those that are there, for this very state of the Node', () => {
  const node = { metadata: { resourceVersion: '7', labels: { a: 'b' } }, spec: { taints: [other] } };
  assert.deepEqual(planNodeMark(node, [taint]).patch, {
    metadata: { resourceVersion: '7', labels },
    spec: { taints: [taint, other] },
  });
});

test('leaves a Node alone that is marked already, also when a value is empty instead of absent', () => {
  const node = { metadata: { labels }, spec: { taints: [other, { ...taint, value: '' }] } };
  assert.equal(planNodeMark(node, [taint]).patch, undefined);
});

test('gives labels alone when no taint is wanted, and takes none away', () => {
  const node = { metadata: {}, spec: { taints: [taint] } };
  assert.deepEqual(planNodeMark(node, []).patch, { metadata: { labels } });
});
