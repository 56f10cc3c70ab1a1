import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiStatusError } from '../../../src/kube/client.ts';
import { readServiceAddresses, restoreServiceAddresses } from '../../../src/rollout/change-over/guard.ts';
import { aKubeClient } from '../../fakes/init-context.ts';

const endpoints = '/api/v1/namespaces/default/endpoints/kubernetes';
const slice = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes';
const filled = {
  [endpoints]: { metadata: { resourceVersion: '5' }, subsets: [{ addresses: [{ ip: '10.0.0.4' }] }] },
  [slice]: {
    metadata: { resourceVersion: '6' },
    endpoints: [{ addresses: ['10.0.0.4'] }],
    ports: [{ name: 'https', port: 6443 }],
  },
};

function cluster(objects: Record<string, unknown>, refusal?: ApiStatusError) {
  const patches: (readonly [string, unknown])[] = [];
  const client = aKubeClient({
    get: async <T>(path: string) => objects[path] as T | undefined,
    patch: async <T>(path: string, change: unknown) => {
      if (refusal !== undefined) throw refusal;
      patches.push([path, change]);
      return change as T;
    },
  });
  return { client, patches, objects };
}

test('writes back what the leaving one has emptied, only over that very version', async () => {
  const { client, patches, objects } = cluster({ ...filled });
  const before = await readServiceAddresses(client);
  objects[endpoints] = { metadata: { resourceVersion: '8' } };
  objects[slice] = { metadata: { resourceVersion: '9' }, endpoints: [], ports: null };
  assert.equal(await restoreServiceAddresses(client, before), true);
  assert.deepEqual(patches, [
    [endpoints, { metadata: { resourceVersion: '8' }, subsets: filled[endpoints].subsets }],
    [slice, { metadata: { resourceVersion: '9' }, endpoints: filled[slice].endpoints, ports: filled[slice].ports }],
  ]);
});

test('leaves alone what still has an address', async () => {
  const { client, patches } = cluster({ ...filled });
  assert.equal(await restoreServiceAddresses(client, await readServiceAddresses(client)), false);
  assert.deepEqual(patches, []);
});

test('guards nothing where nothing is published', async () => {
  assert.deepEqual(await readServiceAddresses(cluster({}).client), []);
});

test('lets another win who was there first, and tells of a refusal', async () => {
  const emptied = { [endpoints]: { metadata: { resourceVersion: '8' } } };
  const before = await readServiceAddresses(cluster({ ...filled }).client);
  const refused = (status: number) =>
    cluster({ ...filled, ...emptied }, new ApiStatusError('PATCH', status, { reason: '', message: 'no' })).client;
  assert.equal(await restoreServiceAddresses(refused(409), before), false);
  await assert.rejects(restoreServiceAddresses(refused(403), before), /endpoints\/kubernetes cannot be written back/);
});
