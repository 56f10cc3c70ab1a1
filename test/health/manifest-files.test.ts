import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthEndpoint, readManifests } from '../../src/health/manifest-files.ts';
import type { ComponentName } from '../../src/manifests/component.ts';
import { aManifest } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

async function urlOf(component: ComponentName, flags: Readonly<Record<string, string>>): Promise<string | undefined> {
  const host = new MemoryHost({ [`/m/${component}.yaml`]: aManifest(component, flags) });
  const [manifest] = await readManifests(host, { manifestsDir: '/m' });
  return manifest && healthEndpoint(manifest).url;
}

test('health is asked where the flags of the manifest say', async () => {
  const adv = { 'advertise-address': '192.0.2.10', 'secure-port': '7443' };
  assert.equal(await urlOf('kube-apiserver', adv), 'https://192.0.2.10:7443/livez');
  assert.equal(await urlOf('kube-apiserver', { 'advertise-address': 'fd00::1' }), 'https://[fd00::1]:6443/livez');
  assert.equal(
    await urlOf('kube-controller-manager', { 'bind-address': '127.0.0.1' }),
    'https://127.0.0.1:10257/healthz',
  );
  assert.equal(await urlOf('kube-scheduler', { 'secure-port': '1234' }), 'https://127.0.0.1:1234/livez');
  assert.equal(
    await urlOf('etcd', { 'listen-metrics-urls': 'http://127.0.0.1:2381,http://10.0.0.1:2381' }),
    'http://127.0.0.1:2381/readyz',
  );
});

test('a component that listens everywhere is asked on the loopback', async () => {
  assert.equal(await urlOf('kube-scheduler', { 'bind-address': '0.0.0.0' }), 'https://127.0.0.1:10259/livez');
  assert.equal(await urlOf('kube-scheduler', { 'bind-address': '::' }), 'https://[::1]:10259/livez');
});

test('the last flag of a name wins, and what is no manifest has no flags', async () => {
  const text = 'spec: {containers: [{command: [x, --secure-port=1], args: [--secure-port=2]}]}';
  const host = new MemoryHost({ '/m/kube-scheduler.yaml': text, '/m/etcd.yaml': 'nonsense: [' });
  const [etcd, scheduler] = await readManifests(host, { manifestsDir: '/m' });
  assert.equal(scheduler?.flags['secure-port'], '2');
  assert.deepEqual(etcd?.flags, {});
});
