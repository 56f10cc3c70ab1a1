import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { movedAddress, refuseLostAddress } from '../../../src/cli/rollout/moved-address.ts';
import type { Config } from '../../../src/config/types.ts';
import { aConfig } from '../../fakes/builders.ts';

const machine = (...addresses: readonly string[]) => ({
  addresses: () => addresses.map((address) => ({ name: 'eth0', address, family: 4 as const, loopback: false })),
  defaultInterface: async () => 'eth0',
});
const withCluster = (change: Partial<Config['cluster']>) =>
  aConfig((config) => ({ ...config, cluster: { ...config.cluster, ...change } }));
const external = { endpoints: ['https://e:2379'], httpEndpoints: [], caFile: '', certFile: '', keyFile: '' };

describe('a stored configuration on a machine with another address', () => {
  it('stays while the machine has the address beside others', async () => {
    assert.equal(await movedAddress(machine('192.0.2.77', '192.0.2.10'), aConfig()), undefined);
  });

  it('gets the present address, and nothing else changes', async () => {
    const moved = await movedAddress(machine('192.0.2.77'), aConfig());
    assert.match(
      moved?.note ?? '',
      /^192\.0\.2\.10 is no address .*; it has 192\.0\.2\.77 \(eth0\), which takes its place$/,
    );
    const wanted = aConfig((config) => ({
      ...config,
      init: { ...config.init, localAPIEndpoint: { advertiseAddress: '192.0.2.77', bindPort: 6443 } },
    }));
    assert.deepEqual(moved?.config, wanted);
  });

  it('gets it as controlPlaneEndpoint too where that was the address, but keeps a name', async () => {
    const endpointOf = async (controlPlaneEndpoint: string) =>
      (await movedAddress(machine('192.0.2.77'), withCluster({ controlPlaneEndpoint })))?.config?.cluster
        .controlPlaneEndpoint;
    assert.equal(await endpointOf('192.0.2.10:6443'), '192.0.2.77:6443');
    assert.equal(await endpointOf('192.0.2.10'), '192.0.2.77');
    assert.equal(await endpointOf('api.example.org:6443'), 'api.example.org:6443');
    assert.equal(await endpointOf('192.0.2.100:6443'), '192.0.2.100:6443');
  });

  it('is only told of it where etcd is elsewhere, or no address takes its place', async () => {
    const told = async (config: Config, ...addresses: readonly string[]) => {
      const moved = await movedAddress(machine(...addresses), config);
      assert.equal(moved?.config, undefined);
      return moved?.note;
    };
    const name = /: name the right one in the file of --config$/;
    assert.match((await told(withCluster({ etcd: { external } }), '192.0.2.77')) ?? '', name);
    assert.match((await told(aConfig())) ?? '', name);
  });

  it('is not gone back to', async () => {
    await refuseLostAddress(machine('192.0.2.10'), aConfig(), 3);
    await assert.rejects(refuseLostAddress(machine('192.0.2.77'), aConfig(), 3), /revision 3 is made for an address/);
    await refuseLostAddress(machine('192.0.2.77'), withCluster({ etcd: { external } }), 3);
  });
});
