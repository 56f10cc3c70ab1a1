import assert from 'node:assert/strict';
import test from 'node:test';
import { planHosts, writeHosts } from '../../../src/agent/volumes/hosts-file.ts';
import { aPod } from '../../fakes/agent-builders.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const hostAliases = [
  { ip: '192.0.2.1', hostnames: ['foo', 'bar'] },
  { ip: '192.0.2.2', hostnames: ['baz'] },
];
const aliases = '\n# Entries added by HostAliases.\n192.0.2.1\tfoo\tbar\n192.0.2.2\tbaz\n';

test('a pod of its own network gets localhost, its addresses with its names, and the aliases', () => {
  const pod = aPod({ hostNetwork: false, hostAliases, hostname: 'db', subdomain: 'peers' });
  const text = planHosts({ pod, podIPs: ['172.17.0.2', '2001:db8::2'], clusterDomain: 'cluster.local', nodeHosts: '' });
  assert.equal(
    text,
    [
      '# Kubernetes-managed hosts file.',
      '127.0.0.1\tlocalhost',
      '::1\tlocalhost ip6-localhost ip6-loopback',
      'fe00::0\tip6-localnet',
      'fe00::0\tip6-mcastprefix',
      'fe00::1\tip6-allnodes',
      'fe00::2\tip6-allrouters',
      '172.17.0.2\tdb.peers.default.svc.cluster.local\tdb',
      '2001:db8::2\tdb.peers.default.svc.cluster.local\tdb',
      aliases,
    ].join('\n'),
  );
});

test('a pod on the host network gets the machine’s file and the aliases', () => {
  const pod = aPod({ hostAliases });
  const text = planHosts({ pod, podIPs: [], clusterDomain: '', nodeHosts: '127.0.0.1 localhost' });
  assert.equal(text, `# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n${aliases}`);
});

test('the file is left alone while it says the same', async () => {
  const host = new MemoryHost({ '/etc/hosts': '127.0.0.1 localhost\n' });
  const input = { pod: aPod(), podIPs: [], clusterDomain: '' };
  for (let start = 0; start < 2; start++) await writeHosts(host, '/pods/uid1/etc-hosts', input);
  assert.equal(host.mutations.filter(({ operation }) => operation === 'writeFile').length, 1);
});
