import assert from 'node:assert/strict';
import test from 'node:test';
import { staticPod } from '../../../src/agent/source/identity.ts';
import { aPod } from '../../fakes/agent-builders.ts';

const origin = { file: '/m/web.yaml', nodeName: 'Node-A', seen: '2026-01-01T00:00:00.000Z' };

test('an explicit uid is shown, but the hash still follows the content', () => {
  const first = staticPod({ pod: aPod({}, { uid: 'my-uid' }), written: { a: 1 }, ...origin });
  const second = staticPod({ pod: aPod({}, { uid: 'my-uid' }), written: { a: 2 }, ...origin });
  assert.equal(first.uid, 'my-uid');
  assert.equal(first.pod.metadata.uid, 'my-uid');
  assert.notEqual(first.hash, second.hash);
});

test('the order of keys in the manifest does not matter', () => {
  const pod = aPod({}, { uid: '' });
  const one = staticPod({ pod, written: { a: 1, b: { c: 2, d: 3 } }, ...origin });
  const other = staticPod({ pod, written: { b: { d: 3, c: 2 }, a: 1 }, ...origin });
  assert.equal(one.uid, other.uid);
});

test('a toleration of every NoExecute taint is added once', () => {
  const own = { operator: 'Exists', effect: 'NoExecute' } as const;
  const pod = staticPod({ pod: aPod({ tolerations: [own] }), written: {}, ...origin }).pod;
  assert.deepEqual(pod.spec.tolerations, [own]);
});

test('the name ends with the node’s name in lower case', () => {
  const { pod } = staticPod({ pod: aPod({}, { name: 'etcd' }), written: {}, ...origin });
  assert.equal(pod.metadata.name, 'etcd-node-a');
  assert.equal(pod.spec.nodeName, 'Node-A');
});
