import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OperationError, TimeoutError } from '../../src/base/errors.ts';
import { applyObjects } from '../../src/cluster/apply-objects.ts';
import { planObjects } from '../../src/cluster/plan-objects.ts';
import { type ApiObject, objectPath, objectTitle, type WantedObject } from '../../src/cluster/wanted-object.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { ObjectStore, refusal } from '../fakes/object-store.ts';

function aConfigMap(data: Readonly<Record<string, string>>, name = 'a'): WantedObject {
  const metadata = { name, namespace: 'kube-system' };
  return { phase: 'addon/coredns', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } };
}

const path = '/api/v1/namespaces/kube-system/configmaps/a';

function world() {
  const store = new ObjectStore();
  const clock = new FakeClock();
  const options = { clock, signal: new AbortController().signal, timeoutMs: 60_000 };
  const apply = (...wanted: readonly WantedObject[]) => applyObjects(store.client, wanted, options);
  return { store, clock, apply };
}

describe('applying objects', () => {
  test('makes what is not there, keeps what is right, puts right what differs', async () => {
    const { store, apply } = world();
    const wanted = [aConfigMap({ x: '1' }), aConfigMap({ x: '1' }, 'b')];
    assert.deepEqual(
      (await apply(...wanted)).map(({ action }) => action),
      ['create', 'create'],
    );
    store.writes = 0;
    assert.deepEqual(
      (await apply(...wanted)).map(({ action }) => action),
      ['keep', 'keep'],
    );
    assert.equal(store.writes, 0);
    const [changed] = await apply(aConfigMap({ x: '2' }));
    assert.equal(changed?.action, 'update');
    assert.deepEqual(changed?.differences, [{ path: 'data.x', from: '1', to: '2' }]);
  });

  test('does not look first where nobody can have been before', async () => {
    const { store, clock } = world();
    const options = { clock, signal: new AbortController().signal, timeoutMs: 60_000, fresh: true };
    const [done] = await applyObjects(store.client, [aConfigMap({ x: '1' })], options);
    assert.equal(done?.action, 'create');
    assert.deepEqual(store.calls, [`PATCH ${path}`]);
  });

  test('is tried again while namespaces, rights or the API server are missing', async () => {
    const { store, clock, apply } = world();
    const faults = [new Error('ECONNREFUSED'), refusal(403, 'Forbidden'), refusal(404, 'NotFound'), refusal(429, 'x')];
    store.fault = (call) => (call.startsWith('PATCH') ? faults.shift() : undefined);
    const done = apply(aConfigMap({ x: '1' }));
    await clock.advance(1000);
    assert.equal((await done)[0]?.action, 'create');
    assert.equal(faults.length, 0);
  });

  test('ends at once when the API server says that the object is wrong', async () => {
    const { store, apply } = world();
    store.fault = (call) => (call.startsWith('PATCH') ? refusal(422, 'Invalid') : undefined);
    await assert.rejects(apply(aConfigMap({ x: '1' })), (thrown: unknown) => {
      assert.ok(thrown instanceof OperationError);
      assert.match(thrown.message, /^ConfigMap kube-system\/a: the API server answers 422, it is Invalid$/);
      return true;
    });
  });

  test('gives up with the last reason', async () => {
    const { store, clock, apply } = world();
    store.fault = () => refusal(503, 'Unavailable');
    const done = assert.rejects(apply(aConfigMap({ x: '1' })), (thrown: unknown) => {
      assert.ok(thrown instanceof TimeoutError);
      assert.match(thrown.message, /ConfigMap kube-system\/a.*it is Unavailable/);
      return true;
    });
    await clock.advance(61_000);
    await done;
  });

  test('asks for only a few at a time', async () => {
    const { store, apply } = world();
    let running = 0;
    let most = 0;
    const { get } = store.client;
    const counting = async <T>(asked: string) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return get<T>(asked);
    };
    Object.assign(store.client, { get: counting });
    await apply(...Array.from({ length: 20 }, (_, index) => aConfigMap({ x: '1' }, `m${index}`)));
    assert.equal(most, 4);
  });
});

describe('fields that yield', () => {
  const wanted: WantedObject = { ...aConfigMap({ Corefile: 'new', other: '1' }), yields: [['data', 'Corefile']] };
  const live = (corefile: string, manager: string): ApiObject => ({
    ...wanted.object,
    metadata: {
      ...wanted.object.metadata,
      managedFields: [{ manager, fieldsV1: { 'f:data': { 'f:Corefile': {} } } }],
    },
    data: { Corefile: corefile, other: '0' },
  });

  test('stay as somebody else has set them, what is beside them does not', async () => {
    const { store, apply } = world();
    store.objects.set(path, live('edited', 'kubectl-edit'));
    const [done] = await apply(wanted);
    assert.deepEqual(done?.differences, [{ path: 'data.other', from: '0', to: '1' }]);
    assert.deepEqual(store.objects.get(path)?.data, { Corefile: 'edited', other: '1' });
  });

  test('are renewed while they are ours', async () => {
    const { store, apply } = world();
    store.objects.set(path, live('old', 'kube-bootstrap'));
    await apply(wanted);
    assert.deepEqual(store.objects.get(path)?.data, { Corefile: 'new', other: '1' });
  });
});

test('a plan asks the API server itself what would change, and writes nothing', async () => {
  const { store, apply } = world();
  await apply(aConfigMap({ x: '1' }));
  store.writes = 0;
  const plans = await planObjects(store.client, [aConfigMap({ x: '2' }), aConfigMap({ x: '1' }, 'b')]);
  assert.deepEqual(
    plans.map(({ action, because }) => [action, because]),
    [
      ['update', 'data.x differs'],
      ['create', 'is not there'],
    ],
  );
  assert.equal(store.writes, 0);
  assert.ok(store.calls.includes(`PATCH ${path}?dryRun=All`));
});

test('an object is found below its group, with its namespace where it has one', () => {
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'a:b', namespace: 'n' } };
  assert.equal(objectPath(role), '/apis/rbac.authorization.k8s.io/v1/namespaces/n/roles/a%3Ab');
  const binding = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'x' } };
  assert.equal(objectPath(binding), '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/x');
  assert.deepEqual([objectTitle(role), objectTitle(binding)], ['Role n/a:b', 'ClusterRoleBinding x']);
});
