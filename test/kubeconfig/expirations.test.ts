import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathsOf } from '../../src/config/paths.ts';
import { certificateExpirations } from '../../src/kubeconfig/expirations.ts';
import { MemoryHost } from '../fakes/memory-host.ts';
import { anEcdsaConfig, makePki, pkiContext } from '../fakes/pki-context.ts';

const now = Date.UTC(2026, 0, 1);
const read = (host: MemoryHost, at = now) => certificateExpirations(host, pathsOf('/'), at);

async function aMadePki(config = anEcdsaConfig()): Promise<MemoryHost> {
  const host = new MemoryHost();
  await makePki(pkiContext(host, { config }));
  return host;
}

test('lists what kubeadm lists, with the days left', async () => {
  const found = await read(await aMadePki());
  assert.deepEqual(found.map(({ name }) => name).sort(), [
    'admin.conf',
    'apiserver',
    'apiserver-etcd-client',
    'apiserver-kubelet-client',
    'ca',
    'controller-manager.conf',
    'etcd-ca',
    'etcd-healthcheck-client',
    'etcd-peer',
    'etcd-server',
    'front-proxy-ca',
    'front-proxy-client',
    'scheduler.conf',
    'super-admin.conf',
  ]);
  for (const { isCa, residualDays, missing } of found) {
    assert.deepEqual([residualDays, missing], [isCa ? 3650 : 365, false]);
  }
  assert.equal(found.find(({ name }) => name === 'etcd-server')?.caName, 'etcd-ca');
});

test('an expired one has negative days', async () => {
  const found = await read(await aMadePki(), Date.UTC(2027, 0, 3));
  assert.equal(found.find(({ name }) => name === 'admin.conf')?.residualDays, -2);
});

test('says what is missing, and what cannot be read with the reason', async () => {
  const host = await aMadePki();
  await host.remove('/etc/kubernetes/super-admin.conf');
  host.seed('/etc/kubernetes/pki/apiserver.crt', 'scrambled');
  const found = await read(host);
  assert.equal(found.find(({ name }) => name === 'super-admin.conf')?.missing, true);
  const apiserver = found.find(({ name }) => name === 'apiserver');
  assert.deepEqual([apiserver?.missing, apiserver?.problem], [false, 'holds no readable certificate']);
});

test('on an empty machine everything is missing', async () => {
  const found = await read(new MemoryHost());
  assert.equal(found.length, 14);
  assert.ok(found.every(({ missing }) => missing));
});

test('leaves etcd out where it is external', async () => {
  const external = { endpoints: ['https://192.0.2.50:2379'], httpEndpoints: [], caFile: '', certFile: '', keyFile: '' };
  const found = await read(await aMadePki(anEcdsaConfig({ etcd: { external } })));
  assert.deepEqual(
    found.filter(({ name }) => name.includes('etcd')),
    [],
  );
});

test('marks what a CA without its key signed as externally managed', async () => {
  const host = await aMadePki();
  await host.remove('/etc/kubernetes/pki/ca.key');
  const managed = (await read(host)).filter(({ externallyManaged }) => externallyManaged).map(({ name }) => name);
  assert.deepEqual(managed.sort(), [
    'admin.conf',
    'apiserver',
    'apiserver-kubelet-client',
    'ca',
    'controller-manager.conf',
    'scheduler.conf',
    'super-admin.conf',
  ]);
});
