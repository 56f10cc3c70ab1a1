import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etcdEndpoint } from '../../../src/rollout/etcd/etcd-access.ts';

test('etcd is asked on the loopback where it listens there, else where it listens first', () => {
  const cases: readonly [Readonly<Record<string, string>>, string][] = [
    [{ 'listen-client-urls': 'https://192.0.2.10:2379,https://127.0.0.1:2379' }, 'https://127.0.0.1:2379'],
    [{ 'listen-client-urls': 'https://[2001:db8::1]:2379,https://[::1]:2379' }, 'https://[::1]:2379'],
    [{ 'listen-client-urls': 'https://192.0.2.10:2379' }, 'https://192.0.2.10:2379'],
    [{ 'listen-client-urls': 'https://0.0.0.0:2379' }, 'https://127.0.0.1:2379'],
    [{ 'listen-client-urls': 'https://[::]:2379' }, 'https://[::1]:2379'],
    [
      { 'listen-client-urls': 'https://127.0.0.1:2379', 'listen-client-http-urls': 'https://127.0.0.1:2377' },
      'https://127.0.0.1:2377',
    ],
  ];
  for (const [flags, endpoint] of cases) assert.equal(etcdEndpoint(flags), endpoint);
});
