import assert from 'node:assert/strict';
import test from 'node:test';
import { kernelHostname, podHostname } from '../../../src/agent/containers/hostname.ts';
import type { PodSpec } from '../../../src/kube/types.ts';
import { aPod } from '../../fakes/agent-builders.ts';

const named = (spec: Partial<PodSpec>, clusterDomain = 'cluster.local') => podHostname(aPod(spec), clusterDomain);

test('a pod is called by its name, by hostname, or by hostnameOverride, cut to 63 characters', () => {
  assert.deepEqual(named({}), { hostname: 'web-node1', domain: '' });
  assert.deepEqual(named({ hostname: 'db' }), { hostname: 'db', domain: '' });
  assert.deepEqual(named({ hostname: 'db', subdomain: 'x', hostnameOverride: 'a.b' }), { hostname: 'a.b', domain: '' });
  const long = aPod({}, { name: `${'a'.repeat(62)}-b` });
  assert.equal(podHostname(long, '').hostname, 'a'.repeat(62));
});

test('a subdomain is in the services of the namespace; without a cluster’s domain it ends there', () => {
  assert.equal(named({ subdomain: 'peers' }).domain, 'peers.default.svc.cluster.local');
  assert.equal(named({ subdomain: 'peers' }, '').domain, 'peers.default.svc');
});

test('setHostnameAsFQDN gives the kernel the whole name, or says that it is too long', () => {
  const spec = { hostname: 'db', subdomain: 'peers', setHostnameAsFQDN: true };
  assert.equal(kernelHostname(aPod(spec), 'cluster.local'), 'db.peers.default.svc.cluster.local');
  assert.equal(kernelHostname(aPod({ ...spec, setHostnameAsFQDN: false }), 'cluster.local'), 'db');
  assert.equal(kernelHostname(aPod({ hostname: 'db', setHostnameAsFQDN: true }), 'cluster.local'), 'db');
  assert.throws(() => kernelHostname(aPod({ ...spec, hostname: 'd'.repeat(63) }), 'x'), /64 are possible/);
});
