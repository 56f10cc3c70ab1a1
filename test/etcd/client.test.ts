import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEtcdClient, readEtcdAccess } from '../../src/etcd/client.ts';
import { listMembers, updatePeerUrls } from '../../src/etcd/members.ts';
import { fakeEtcd } from '../fakes/fake-etcd.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

const endpoint = 'https://127.0.0.1:2379';
const pki = { certificatesDir: '/pki' };

describe('a client of etcd', () => {
  test('asks with the certificate of the health check, else with the API server’s', async () => {
    const host = new MemoryHost({ '/pki/etcd/ca.crt': 'CA', '/pki/apiserver-etcd-client.crt': 'A' });
    host.seed('/pki/apiserver-etcd-client.key', 'AK');
    const second = await readEtcdAccess(host, pki, endpoint);
    assert.deepEqual(second, { endpoint, ca: 'CA', clientCertificate: 'A', clientKey: 'AK' });
    host.seed('/pki/etcd/healthcheck-client.crt', 'H');
    host.seed('/pki/etcd/healthcheck-client.key', 'HK');
    const first = await readEtcdAccess(host, pki, endpoint);
    assert.deepEqual([first.clientCertificate, first.clientKey], ['H', 'HK']);
  });

  test('says which certificates are missing', async () => {
    const host = new MemoryHost({ '/pki/etcd/ca.crt': 'CA' });
    await assert.rejects(
      readEtcdAccess(host, pki, endpoint),
      /healthcheck-client\.crt or .*apiserver-etcd-client\.crt/,
    );
  });

  test('without TLS needs none', async () => {
    const access = await readEtcdAccess(new MemoryHost(), pki, 'http://127.0.0.1:2379');
    assert.deepEqual(access, { endpoint: 'http://127.0.0.1:2379' });
  });

  test('lists members with the one that answered, and changes where one is found', async () => {
    const { state, network } = fakeEtcd();
    const client = createEtcdClient(network, { endpoint, ca: 'CA' });
    const { self, members } = await listMembers(client);
    assert.deepEqual([self, members.map(({ name }) => name)], ['17', ['node1']]);
    assert.equal(state.calls[0]?.request.ca, 'CA');
    await updatePeerUrls(client, self, ['https://192.0.2.11:2380']);
    assert.deepEqual(state.members[0]?.peerURLs, ['https://192.0.2.11:2380']);
  });

  test('gives etcd’s own words for what it refuses', async () => {
    const client = createEtcdClient(fakeEtcd().network, { endpoint });
    await assert.rejects(
      updatePeerUrls(client, '99', []),
      /^OperationError: etcd cluster\/member\/update: etcdserver: member not found$/,
    );
  });

  test('says clearly that the gateway is turned off, and how it is turned on', async () => {
    const { state, network } = fakeEtcd();
    state.gateway = false;
    await assert.rejects(listMembers(createEtcdClient(network, { endpoint })), {
      message: 'etcd cluster/member/list: etcd’s JSON gateway is turned off',
      hint: /enable-grpc-gateway/,
      gatewayIsOff: true,
    });
  });
});
