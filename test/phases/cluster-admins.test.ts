import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiStatusError, type KubeClient } from '../../src/kube/client.ts';
import { bindClusterAdmins, waitForAdminAccess } from '../../src/phases/cluster-admins.ts';
import type { InitContext } from '../../src/phases/context.ts';
import { aHost, aKubeClient, anInitContext } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

const endpoint = { component: 'kube-apiserver' as const, url: 'https://192.0.2.10:6443/livez', asAdmin: true };
const forbidden = new ApiStatusError('POST x', 403, { reason: 'Forbidden', message: 'no' });
const unavailable = new ApiStatusError('POST x', 503, { reason: '', message: 'not yet' });

/** Clients by the name of their kubeconfig, and the order in which they were used. */
function clients(create: (as: string) => Promise<boolean>) {
  const used: string[] = [];
  const kube: InitContext['kube'] = async (path) => {
    const as = path.split('/').at(-1) ?? '';
    const client: Partial<KubeClient> = {
      create: async () => {
        used.push(as);
        return create(as);
      },
    };
    return aKubeClient(client);
  };
  return { kube, used };
}

const host = aHost(new MemoryHost({ '/etc/kubernetes/super-admin.conf': 'x' }));

test('admin.conf makes its own binding when it may', async () => {
  const { kube, used } = clients(async () => true);
  const context = anInitContext({ kube, host });
  await bindClusterAdmins(context, endpoint);
  assert.deepEqual(used, ['admin.conf']);
  assert.equal(context.items[0]?.action, 'bind');
});

test('super-admin.conf makes it when admin.conf may not', async () => {
  const { kube, used } = clients(async (as) => {
    if (as === 'admin.conf') throw forbidden;
    return true;
  });
  await bindClusterAdmins(anInitContext({ kube, host }), endpoint);
  assert.deepEqual(used, ['admin.conf', 'super-admin.conf']);
});

test('a binding that is there is kept', async () => {
  const { kube } = clients(async () => false);
  const context = anInitContext({ kube, host });
  await bindClusterAdmins(context, endpoint);
  assert.equal(context.items[0]?.action, 'keep');
});

test('is tried again every 500 ms while the API server is not ready for it', async () => {
  let tries = 0;
  const { kube } = clients(async () => {
    tries += 1;
    if (tries < 3) throw unavailable;
    return true;
  });
  const context = anInitContext({ kube, host });
  const done = bindClusterAdmins(context, endpoint);
  await context.clock.advance(499);
  assert.equal(tries, 1);
  await context.clock.advance(501);
  await done;
  assert.equal(tries, 3);
});

test('gives up after timeouts.kubernetesAPICall with the last reason', async () => {
  const { kube } = clients(async () => {
    throw forbidden;
  });
  const context = anInitContext({ kube });
  const done = assert.rejects(bindClusterAdmins(context, endpoint), /super-admin.conf is not there/);
  await context.clock.advance(61_000);
  await done;
});

test('access counts once namespaces can be listed', async () => {
  let tries = 0;
  const get = async () => {
    tries += 1;
    if (tries < 3) throw forbidden;
    return { items: [] } as never;
  };
  const context = anInitContext({ kube: async () => aKubeClient({ get }) });
  const done = waitForAdminAccess(context);
  await context.clock.advance(1000);
  await done;
  assert.equal(tries, 3);
});
