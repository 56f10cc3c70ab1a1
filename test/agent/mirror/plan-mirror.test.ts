import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOf, mirrorBody } from '../../../src/agent/mirror/mirror-body.ts';
import { type MirrorFacts, planMirror } from '../../../src/agent/mirror/plan-mirror.ts';
import { mirrorStatus, statusPatch } from '../../../src/agent/mirror/status-patch.ts';
import { shortHash } from '../../../src/base/hash.ts';
import { annotations } from '../../../src/runtime/labels.ts';
import { aFoundMirror, aStaticPod, aStatus, mirrorFacts } from '../../fakes/mirror-builders.ts';

const sentStatus = (status = aStatus()) => shortHash(mirrorStatus(status));
const written = { uid: 'mirror-1', sent: sentStatus(), stored: 'stored-1' };

/** What is done, in short. */
function plan(change: Partial<MirrorFacts>): string {
  const { action, waiting, isStranger } = planMirror(mirrorFacts(change));
  if (action !== undefined) return action.do;
  return waiting !== undefined ? 'wait' : isStranger === true ? 'stranger' : 'rest';
}

test('a static pod without a mirror pod gets one; it has to wait for the Node, its owner', () => {
  assert.equal(plan({ found: undefined }), 'create');
  assert.equal(plan({ found: undefined, owner: undefined }), 'wait');
});

test('a mirror pod is the static pod with its hash, and the node as its only owner and controller', () => {
  const { pod } = aStaticPod();
  const body = mirrorBody(pod, hashOf(pod), { name: 'node1', uid: 'node-uid-1' });
  assert.deepEqual(body.metadata, {
    name: 'web-node1',
    namespace: 'default',
    labels: { app: 'web' },
    annotations: {
      [annotations.configHash]: 'hash1',
      [annotations.configMirror]: 'hash1',
      [annotations.configSource]: 'file',
      [annotations.configSeen]: '2026-01-01T00:00:00Z',
      note: 'kept',
    },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'node1', uid: 'node-uid-1', controller: true }],
  });
  assert.equal(body.spec.nodeName, 'node1');
  assert.ok(!('status' in body));
});

test('the status is written once, and again when the pod or what the API has of it changes', () => {
  assert.equal(plan({}), 'set-status');
  assert.equal(plan({ written }), 'rest');
  assert.equal(plan({ written, seen: { pod: aStaticPod({ status: { phase: 'Failed' } }) } }), 'set-status');
  assert.equal(plan({ written, found: aFoundMirror({ statusHash: 'edited' }) }), 'set-status');
  assert.equal(plan({ written: { ...written, uid: 'another' } }), 'set-status');
});

test('one of another form, of another node object, deleted or edited is made anew', () => {
  const anew: readonly Partial<MirrorFacts>[] = [
    { found: aFoundMirror({ mirrorOf: 'hash0' }) },
    { found: aFoundMirror({ ownerUid: 'node-uid-0' }) },
    { found: aFoundMirror({ isDeleting: true }) },
    { found: aFoundMirror({ generation: 2 }) },
    { found: aFoundMirror({ labels: { app: 'other' } }) },
    { found: aFoundMirror({ labels: {} }) },
    { found: aFoundMirror({ annotations: { [annotations.configHash]: 'forged', note: 'kept' } }) },
    { written: { uid: 'mirror-1', isUnfit: true } },
  ];
  for (const change of anew) assert.equal(plan({ written, ...change }), 'delete', JSON.stringify(change));
});

test('what others put beside the manifest’s labels and annotations is left alone, so is what admission made of them', () => {
  const labelled = aFoundMirror({ labels: { app: 'web', team: 'x' } });
  assert.equal(plan({ written, found: labelled }), 'rest');
  const changed = aFoundMirror({ labels: { app: 'mutated' } });
  assert.equal(plan({ written: { ...written, labels: { app: 'mutated' } }, found: changed }), 'rest');
  const resumed = aFoundMirror({ annotations: { ...aFoundMirror().annotations, [annotations.configSeen]: 'before' } });
  assert.equal(plan({ written, found: resumed }), 'rest');
});

test('the mirror pod of the old form stays, with its true status, until the old pod is gone', () => {
  const older = aStaticPod({ hash: 'hash0', isGoing: true, status: { phase: 'Running' } });
  const found = aFoundMirror({ mirrorOf: 'hash0' });
  const { action } = planMirror(
    mirrorFacts({ found, seen: { pod: aStaticPod({ status: { phase: 'Pending' } }), older } }),
  );
  assert.equal(action?.do, 'set-status');
  assert.equal(action?.do === 'set-status' && action.status.phase, 'Running');
  assert.equal(plan({ found, seen: { pod: aStaticPod() } }), 'delete');
});

test('a pod whose manifest is gone keeps its mirror pod until nothing of it is left, and gets no new one', () => {
  const going = { pod: aStaticPod({ isGoing: true }) };
  assert.equal(plan({ seen: going, written }), 'rest');
  assert.equal(plan({ seen: going, found: undefined }), 'rest');
  assert.equal(plan({ seen: {}, written }), 'delete');
});

test('an unknown mirror pod is removed, but not before the agent knows all its pods', () => {
  assert.equal(plan({ seen: {} }), 'delete');
  assert.equal(plan({ seen: {}, isSettled: false }), 'wait');
});

test('a mirror pod keeps what it says until the agent has looked what runs', () => {
  assert.equal(plan({ isSettled: false }), 'wait');
  const older = aFoundMirror({ mirrorOf: 'older' });
  assert.equal(plan({ found: older }), 'delete');
  assert.equal(plan({ found: older, isSettled: false }), 'wait');
  assert.equal(plan({ found: undefined, isSettled: false }), 'create');
});

test('a pod of the API that somebody bound to the node is left alone, and let go when it is deleted', () => {
  const stranger = aFoundMirror({ mirrorOf: undefined, ownerUid: undefined });
  assert.equal(plan({ seen: {}, found: stranger }), 'stranger');
  assert.equal(plan({ seen: {}, found: { ...stranger, isDeleting: true } }), 'delete');
  const { conflict } = planMirror(mirrorFacts({ found: stranger }));
  assert.match(conflict ?? '', /no mirror pod/);
});

test('the status patch names the UID, clears what is not said any more, and leaves the class of quality to the server', () => {
  const patch = statusPatch('mirror-1', mirrorStatus(aStatus()));
  assert.deepEqual(patch, {
    metadata: { uid: 'mirror-1' },
    status: {
      phase: 'Running',
      reason: null,
      message: null,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          lastTransitionTime: '2026-01-01T00:00:00Z',
          lastProbeTime: null,
          reason: null,
          message: null,
        },
      ],
      hostIP: '192.0.2.10',
      hostIPs: [{ ip: '192.0.2.10' }, { $patch: 'replace' }],
      podIP: '192.0.2.10',
      podIPs: [{ ip: '192.0.2.10' }, { $patch: 'replace' }],
      startTime: '2026-01-01T00:00:00Z',
      initContainerStatuses: null,
      containerStatuses: [],
    },
  });
});
