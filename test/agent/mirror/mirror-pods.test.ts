import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { AgentPod } from '../../../src/kube/agent-socket.ts';
import { annotations } from '../../../src/runtime/labels.ts';
import { aNode, aStaticPod } from '../../fakes/mirror-builders.ts';
import { MirrorHarness } from '../../fakes/mirror-harness.ts';

const key = 'default/web-node1';

async function started(t: TestContext, ...pods: readonly AgentPod[]): Promise<MirrorHarness> {
  const harness = new MirrorHarness();
  t.after(() => harness.stop());
  await harness.start(...pods);
  return harness;
}

test('a mirror pod is made with its status, and nothing more is written while nothing changes', async (t) => {
  const harness = await started(t, aStaticPod());
  const { server } = harness;
  const pod = harness.pod('web-node1');
  assert.equal(pod?.metadata.annotations?.[annotations.configMirror], 'hash1');
  assert.deepEqual(
    pod?.metadata.ownerReferences?.map(({ uid }) => uid),
    ['node-uid-1'],
  );
  assert.equal(pod?.status?.phase, 'Running');
  assert.equal(pod?.status?.qosClass, 'BestEffort');
  const before = server.calls.length;
  await harness.clock.advance(3_600_000);
  assert.equal(server.calls.length, before);
});

test('each change of the pod is in the API at once', async (t) => {
  const harness = await started(t, aStaticPod());
  await harness.turn(key, { pod: aStaticPod({ status: { phase: 'Failed', reason: 'NodePorts', message: 'busy' } }) });
  assert.equal(harness.pod('web-node1')?.status?.reason, 'NodePorts');
  await harness.turn(key, { pod: aStaticPod() });
  assert.ok(!('reason' in (harness.pod('web-node1')?.status ?? {})));
});

test('deleted by force or gracefully it comes back with another UID; deleted for ever it comes back ever later', async (t) => {
  const harness = await started(t, aStaticPod());
  const uids = new Set([harness.pod('web-node1')?.metadata.uid]);
  harness.forceDelete('web-node1');
  await harness.settle();
  uids.add(harness.pod('web-node1')?.metadata.uid);
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  harness.edit('web-node1', (pod) => ({ ...pod, metadata: { ...pod.metadata, deletionTimestamp } }));
  await harness.advance(1000);
  uids.add(harness.pod('web-node1')?.metadata.uid);
  assert.equal(uids.size, 3);
  assert.equal(harness.pod('web-node1')?.status?.phase, 'Running');
  const made = harness.server.count('POST');
  for (let second = 0; second < 120; second++) {
    harness.forceDelete('web-node1');
    await harness.advance(1000);
  }
  assert.ok(harness.server.count('POST') - made <= 7, 'no race with whoever deletes it');
});

test('an edit of spec, labels or status is undone, and nothing fights for ever', async (t) => {
  const harness = await started(t, aStaticPod());
  const uid = harness.pod('web-node1')?.metadata.uid;
  harness.edit('web-node1', (pod) => ({ ...pod, metadata: { ...pod.metadata, generation: 2 } }));
  await harness.settle();
  assert.notEqual(harness.pod('web-node1')?.metadata.uid, uid);
  harness.edit('web-node1', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: { app: 'x' } } }));
  await harness.advance(1000);
  assert.deepEqual(harness.pod('web-node1')?.metadata.labels, { app: 'web' });
  const patched = harness.server.count('PATCH');
  for (let second = 0; second < 60; second++) {
    harness.edit('web-node1', (pod) => ({ ...pod, status: { ...pod.status, phase: `Forged${second}` } }));
    await harness.advance(1000);
  }
  await harness.advance(60_000);
  assert.equal(harness.pod('web-node1')?.status?.phase, 'Running');
  assert.ok(harness.server.count('PATCH') - patched <= 8);
});

test('a condition that somebody else has set stays', async (t) => {
  const harness = await started(t, aStaticPod());
  const gate = { type: 'example.com/gate', status: 'True' };
  harness.edit('web-node1', (pod) => {
    const conditions = [...((pod.status?.conditions ?? []) as unknown[]), gate];
    return { ...pod, status: { ...pod.status, conditions } };
  });
  await harness.settle();
  await harness.turn(key, { pod: aStaticPod({ status: { phase: 'Failed' } }) });
  const { conditions, phase } = harness.pod('web-node1')?.status ?? {};
  assert.equal(phase, 'Failed');
  assert.ok((conditions as { type: string }[]).some(({ type }) => type === gate.type));
});

test('another manifest is another mirror pod once the old pod is gone; a manifest that is gone takes it along in the end', async (t) => {
  const harness = await started(t, aStaticPod());
  const uid = harness.pod('web-node1')?.metadata.uid;
  const older = aStaticPod({ isGoing: true });
  await harness.turn(key, { pod: aStaticPod({ hash: 'hash2', status: { phase: 'Pending' } }), older });
  await harness.advance(19_000);
  assert.equal(harness.pod('web-node1')?.metadata.uid, uid);
  assert.equal(harness.pod('web-node1')?.status?.phase, 'Running');
  await harness.turn(key, { pod: aStaticPod({ hash: 'hash2' }) });
  assert.equal(harness.pod('web-node1')?.metadata.annotations?.[annotations.configHash], 'hash2');
  await harness.turn(key, { pod: aStaticPod({ hash: 'hash2', isGoing: true }) });
  await harness.advance(19_000);
  assert.ok(harness.pod('web-node1') !== undefined);
  await harness.turn(key);
  assert.equal(harness.pod('web-node1'), undefined);
});

test('mirror pods that nobody knows are removed, once the agent knows all its pods', async (t) => {
  const harness = new MirrorHarness();
  t.after(() => harness.stop());
  const metadata = { name: 'ghost-node1', namespace: 'default', annotations: { [annotations.configMirror]: 'h' } };
  harness.server.put('/api/v1/namespaces/default/pods/ghost-node1', { metadata, spec: { nodeName: 'node1' } });
  harness.isSettled = false;
  await harness.start();
  await harness.advance(5000);
  assert.ok(harness.pod('ghost-node1') !== undefined);
  harness.isSettled = true;
  await harness.advance(1000);
  assert.equal(harness.pod('ghost-node1'), undefined);
});

test('one that the API server does not find yet, since its admission looks into a cache, is removed soon after', async (t) => {
  const harness = new MirrorHarness();
  t.after(() => harness.stop());
  await harness.start();
  const path = '/api/v1/namespaces/default/pods/ghost-node1';
  const metadata = { name: 'ghost-node1', namespace: 'default', annotations: { [annotations.configMirror]: 'h' } };
  harness.server.unseen.add(path);
  harness.server.put(path, { metadata, spec: { nodeName: 'node1' } });
  await harness.settle();
  assert.ok(harness.pod('ghost-node1') !== undefined);
  harness.server.unseen.clear();
  await harness.advance(1000);
  assert.equal(harness.pod('ghost-node1'), undefined);
});

test('a Node that was deleted and made again owns its mirror pods again', async (t) => {
  const harness = await started(t, aStaticPod());
  harness.api.setNode(undefined);
  harness.forceDelete('web-node1');
  await harness.advance(60_000);
  assert.equal(harness.pod('web-node1'), undefined, 'without a Node there is no owner');
  harness.api.setNode(aNode('node-uid-2'));
  await harness.settle();
  assert.deepEqual(
    harness.pod('web-node1')?.metadata.ownerReferences?.map(({ uid }) => uid),
    ['node-uid-2'],
  );
  harness.api.setNode(aNode('node-uid-3'));
  await harness.advance(1000);
  assert.deepEqual(
    harness.pod('web-node1')?.metadata.ownerReferences?.map(({ uid }) => uid),
    ['node-uid-3'],
  );
});

test('a pod bound by hand is told of once and left as it is; deleted, it is let go', async (t) => {
  const harness = await started(t);
  const path = '/api/v1/namespaces/default/pods/byhand';
  harness.server.put(path, { metadata: { name: 'byhand', namespace: 'default' }, spec: { nodeName: 'node1' } });
  await harness.settle();
  harness.edit('byhand', (pod) => ({ ...pod, status: { phase: 'Pending' } }));
  await harness.advance(600_000);
  assert.deepEqual(
    harness.events.map(({ about, type, reason }) => [about.name, type, reason]),
    [['byhand', 'Warning', 'OutOfpods']],
  );
  assert.equal(harness.server.count('PATCH') + harness.server.count('DELETE'), 0);
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  harness.edit('byhand', (pod) => ({ ...pod, metadata: { ...pod.metadata, deletionTimestamp } }));
  await harness.settle();
  assert.equal(harness.pod('byhand'), undefined);
});

test('a foreign pod that has the name of a static pod is told of, and left', async (t) => {
  const harness = new MirrorHarness();
  t.after(() => harness.stop());
  const path = '/api/v1/namespaces/default/pods/web-node1';
  harness.server.put(path, { metadata: { name: 'web-node1', namespace: 'default' }, spec: { nodeName: 'node1' } });
  await harness.start(aStaticPod());
  assert.match(harness.mirrors.problems().join(), /default\/web-node1 .* which is no mirror pod/);
  harness.forceDelete('web-node1');
  await harness.settle();
  assert.equal(harness.pod('web-node1')?.status?.phase, 'Running');
  assert.deepEqual(harness.mirrors.problems(), []);
});
