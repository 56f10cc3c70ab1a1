import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiPod } from '../../../src/agent/mirror/found-pod.ts';
import { FoundPods } from '../../../src/agent/mirror/found-pods.ts';
import { annotations } from '../../../src/runtime/labels.ts';

const key = 'default/web-node1';

function anApiPod(uid: string, resourceVersion: string, labels = {}): ApiPod {
  const own = { [annotations.configMirror]: 'hash1' };
  return { metadata: { name: 'web-node1', namespace: 'default', uid, resourceVersion, labels, annotations: own } };
}

test('a watch that lags behind our own writes does not undo what they have told', () => {
  const found = new FoundPods();
  found.list([]);
  found.put(anApiPod('new', '12'));
  found.event({ type: 'DELETED', object: anApiPod('old', '11') });
  found.event({ type: 'MODIFIED', object: anApiPod('new', '9') });
  assert.deepEqual([found.get(key)?.uid, found.get(key)?.resourceVersion], ['new', '12']);
  found.event({ type: 'MODIFIED', object: anApiPod('new', '100') });
  assert.equal(found.get(key)?.resourceVersion, '100');
  found.event({ type: 'DELETED', object: anApiPod('new', '101') });
  assert.equal(found.get(key), undefined);
});

test('a new list is all there is', () => {
  const found = new FoundPods();
  assert.equal(found.isListed, false);
  found.list([anApiPod('a', '1')]);
  assert.deepEqual([found.isListed, found.keys()], [true, [key]]);
  found.list([]);
  assert.deepEqual(found.keys(), []);
});

test('of a pod that is no mirror pod only its name is kept', () => {
  const found = new FoundPods();
  const labels = { app: 'x' };
  found.put({ metadata: { name: 'web-node1', namespace: 'default', uid: 'u', labels }, status: { phase: 'Pending' } });
  assert.deepEqual(found.get(key), {
    ...{ key, uid: 'u', resourceVersion: '', mirrorOf: undefined, ownerUid: undefined, generation: 0 },
    ...{ isDeleting: false, labels: {}, annotations: {}, statusHash: '' },
  });
});
