import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isAppliedAlready } from '../../src/cluster/applied-already.ts';
import { planObjects } from '../../src/cluster/plan-objects.ts';
import { type ApiObject, fieldManager, objectPath } from '../../src/cluster/wanted-object.ts';
import { ObjectStore } from '../fakes/object-store.ts';

const metadata = { name: 'dns', namespace: 'kube-system', labels: { app: 'dns' } };
const ports = [
  { name: 'dns', port: 53, protocol: 'UDP' },
  { name: 'tcp', port: 53, protocol: 'TCP' },
];
const wanted: ApiObject = { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: '10.96.0.10', ports } };

const portFields = { '.': {}, 'f:name': {}, 'f:port': {}, 'f:protocol': {} };
const owned = {
  'f:metadata': { 'f:labels': { 'f:app': {} } },
  'f:spec': {
    'f:clusterIP': {},
    'f:ports': { 'k:{"port":53,"protocol":"TCP"}': portFields, 'k:{"port":53,"protocol":"UDP"}': portFields },
  },
};

/** As the API server has it: with defaults of its own, and who set what. */
function live(fieldsV1: object = owned, change: object = {}, entry: object = {}): ApiObject {
  const own = { manager: fieldManager, operation: 'Apply', apiVersion: 'v1', fieldsV1, ...entry };
  const other = { manager: 'kubectl', operation: 'Update', apiVersion: 'v1', fieldsV1: { 'f:spec': { 'f:type': {} } } };
  return {
    ...wanted,
    metadata: { ...metadata, uid: 'u', managedFields: [other, own] },
    spec: {
      ...{ clusterIP: '10.96.0.10', type: 'ClusterIP', ports: ports.map((port) => ({ ...port, targetPort: 53 })) },
      ...change,
    },
  };
}

describe('an object is known to be applied already', () => {
  test('when all of it is there, whatever the API server and others have added', () => {
    assert.equal(isAppliedAlready(wanted, live()), true);
    const { managedFields: _none, ...unmanaged } = live().metadata;
    assert.equal(isAppliedAlready(wanted, { ...live(), metadata: unmanaged }), true);
  });

  test('not when a value, an item or a member is another one or missing', () => {
    for (const change of [{ clusterIP: '10.96.0.11' }, { clusterIP: undefined }, { ports: [ports[0]] }]) {
      assert.equal(isAppliedAlready(wanted, live(owned, change)), false);
    }
    assert.equal(isAppliedAlready(wanted, live(owned, { ports: ports.toReversed() })), false);
  });

  test('not when we own what is wanted no more: an apply removes it', () => {
    const labels = { 'f:metadata': { 'f:labels': { 'f:app': {}, 'f:old': {} } } };
    assert.equal(isAppliedAlready(wanted, live({ ...owned, ...labels })), false);
    const third = { 'f:ports': { 'k:{"port":54,"protocol":"UDP"}': portFields } };
    assert.equal(isAppliedAlready(wanted, live({ ...owned, 'f:spec': third })), false);
  });

  test('not when it was applied in another API version', () => {
    assert.equal(isAppliedAlready(wanted, live(owned, {}, { apiVersion: 'v1beta1' })), false);
  });
});

test('a plan asks for a dry run only of what is not known to be applied already', async () => {
  const store = new ObjectStore();
  store.objects.set(objectPath(wanted), live());
  const [plan] = await planObjects(store.client, [{ phase: 'addon/coredns', object: wanted }]);
  assert.equal(plan?.action, 'keep');
  assert.deepEqual(store.calls, [`GET ${objectPath(wanted)}`]);
});
