import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pathsOf } from '../../src/config/paths.ts';
import { readHostFacts } from '../../src/manifests/host-facts.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

function facts(files: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const disk = new MemoryHost(Object.fromEntries(files.map((path) => [path, ''])));
  return readHostFacts({ stat: (path) => disk.stat(path), environment: () => environment }, pathsOf('/root-dir'));
}

describe('facts of the machine', () => {
  test('are the trust stores that it has, wherever the root directory is', async () => {
    const { trustStores } = await facts([
      '/etc/pki/ca-trust/x',
      '/usr/share/ca-certificates/y',
      '/root-dir/etc/ca-certificates/z',
    ]);
    assert.deepEqual(trustStores, ['/etc/pki/ca-trust', '/usr/share/ca-certificates']);
  });

  test('are proxy variables in any case, but for empty ones', async () => {
    const { proxyEnvs } = await facts([], {
      HTTP_PROXY: 'a',
      no_proxy: '',
      All_Proxy: 'b',
      PROXY: 'c',
      HTTP_PROXY_X: 'd',
    });
    assert.deepEqual(proxyEnvs, [
      { name: 'HTTP_PROXY', value: 'a' },
      { name: 'All_Proxy', value: 'b' },
    ]);
  });

  test('are an external CA: its certificate without its key', async () => {
    const pki = '/root-dir/etc/kubernetes/pki';
    assert.equal((await facts([`${pki}/ca.crt`])).externalCA, true);
    assert.equal((await facts([`${pki}/ca.crt`, `${pki}/ca.key`])).externalCA, false);
    assert.equal((await facts([])).externalCA, false);
  });
});
