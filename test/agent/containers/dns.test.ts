import assert from 'node:assert/strict';
import test from 'node:test';
import { type DnsSettings, lacksClusterDns, parseResolvConf, podDns } from '../../../src/agent/containers/dns.ts';
import type { PodSpec } from '../../../src/kube/types.ts';
import { aPod } from '../../fakes/agent-builders.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const ofHost = 'nameserver 192.0.2.1\nsearch example.com. lan\noptions timeout:2 rotate\n';
const cluster: DnsSettings = {
  clusterDNS: ['10.96.0.10'],
  clusterDomain: 'cluster.local',
  resolvConf: '/etc/resolv.conf',
};
const alone: DnsSettings = { clusterDNS: [], clusterDomain: '', resolvConf: '/etc/resolv.conf' };

const dns = (spec: Partial<PodSpec>, settings = alone, files: Readonly<Record<string, string>> = {}) =>
  podDns(new MemoryHost({ '/etc/resolv.conf': ofHost, ...files }), aPod({ hostNetwork: false, ...spec }), settings, [
    '192.0.2.10',
    '2001:db8::1',
  ]);
const hostDns = { servers: ['192.0.2.1'], searches: ['example.com', 'lan'], options: ['timeout:2', 'rotate'] };

test('ClusterFirst: the cluster’s servers, its domains before the host’s; on the host network the host’s', async () => {
  const own = ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'];
  const expected = { servers: ['10.96.0.10'], searches: [...own, ...hostDns.searches], options: ['ndots:5'] };
  assert.deepEqual(await dns({ dnsPolicy: 'ClusterFirst' }, cluster), expected);
  assert.deepEqual(await dns({ dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }, cluster), expected);
  assert.deepEqual(await dns({ dnsPolicy: 'ClusterFirst', hostNetwork: true }, cluster), hostDns);
  assert.deepEqual(await dns({ dnsPolicy: 'Default' }, cluster), hostDns);
});

test('ClusterFirst without a cluster’s DNS falls back to Default', async () => {
  assert.deepEqual(await dns({ dnsPolicy: 'ClusterFirst' }), hostDns);
  assert.equal(lacksClusterDns(aPod({ dnsPolicy: 'ClusterFirst', hostNetwork: false }), alone), true);
  assert.equal(lacksClusterDns(aPod({ dnsPolicy: 'ClusterFirst', hostNetwork: true }), alone), false);
});

test('None is what dnsConfig says alone; elsewhere dnsConfig is added, its options win', async () => {
  const dnsConfig = {
    nameservers: ['192.0.2.53', '192.0.2.1'],
    searches: ['lan', 'own.example'],
    options: [{ name: 'timeout', value: '5' }, { name: 'edns0' }],
  };
  const options = ['timeout:5', 'edns0'];
  assert.deepEqual(await dns({ dnsPolicy: 'None', dnsConfig }), {
    servers: dnsConfig.nameservers,
    searches: dnsConfig.searches,
    options,
  });
  assert.deepEqual(await dns({ dnsPolicy: 'Default', dnsConfig }), {
    servers: ['192.0.2.1', '192.0.2.53'],
    searches: ['example.com', 'lan', 'own.example'],
    options: ['timeout:5', 'rotate', 'edns0'],
  });
});

test('at most three servers, 32 domains and 2048 characters of them', async () => {
  const long = (count: number, length: number) => Array.from({ length: count }, (_, i) => `${i}`.padStart(length, 'a'));
  const nameservers = ['192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'];
  const cut = await dns({ dnsPolicy: 'None', dnsConfig: { nameservers, searches: long(40, 10) } });
  assert.deepEqual([cut.servers.length, cut.searches.length], [3, 32]);
  const short = await dns({
    dnsPolicy: 'None',
    dnsConfig: { nameservers, searches: [...long(12, 200), 'a'.repeat(254)] },
  });
  assert.equal(short.searches.length, 10);
});

test('no resolvConf: the machine’s own resolver; systemd’s stub: the servers behind it, off the host network', async () => {
  assert.deepEqual(await dns({ dnsPolicy: 'Default' }, { ...alone, resolvConf: '' }), {
    servers: ['127.0.0.1', '::1'],
    searches: [],
    options: [],
  });
  const stub = { '/etc/resolv.conf': 'nameserver 127.0.0.53\nsearch lan\n' };
  const real = { ...stub, '/run/systemd/resolve/resolv.conf': 'nameserver 192.0.2.7\n' };
  assert.deepEqual((await dns({ dnsPolicy: 'Default' }, alone, real)).servers, ['192.0.2.7']);
  assert.deepEqual((await dns({ dnsPolicy: 'Default', hostNetwork: true }, alone, real)).servers, ['127.0.0.53']);
  assert.deepEqual((await dns({ dnsPolicy: 'Default' }, alone, stub)).servers, ['127.0.0.53']);
});

test('a resolv.conf: servers add up, the last search line counts, comments do not', () => {
  const text = '# x\nnameserver 1.1.1.1\n nameserver 2.2.2.2\nsearch a\nsearch . b.\noptions a:1 b\noptions a:2\n;';
  assert.deepEqual(parseResolvConf(text), { servers: ['1.1.1.1', '2.2.2.2'], searches: ['b'], options: ['a:2', 'b'] });
});
