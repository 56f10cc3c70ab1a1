import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificatesSecret, holds, sharedFilePaths } from '../../src/cluster/certificates-secret.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { decrypt } from '../../src/pki/encrypt.ts';
import { aConfig } from '../fakes/builders.ts';

const key = Buffer.alloc(32, 7);
const files = { 'ca.crt': 'certificate', 'ca.key': 'key', 'front-proxy-ca.key': undefined };

function aSecret() {
  let count = 0;
  const nonce = () => Buffer.alloc(12, count++);
  return certificatesSecret({ files, key, owner: { name: 'bootstrap-token-abcdef', uid: 'u' }, nonce });
}

test('every file is encrypted for itself; one that is not there is an empty value', () => {
  const data = aSecret().data as Readonly<Record<string, string>>;
  const sealed = Object.values(data).map((text) => Buffer.from(text, 'base64'));
  assert.deepEqual(
    sealed.map((bytes) => bytes.length === 0 || decrypt(bytes, key) !== undefined),
    [true, true, true],
  );
  assert.equal(data['front-proxy-ca.key'], '');
  assert.notDeepEqual(sealed[0]?.subarray(0, 12), sealed[1]?.subarray(0, 12));
  assert.ok(!JSON.stringify(data).includes(Buffer.from('key').toString('base64')));
});

test('is kept only for the same files and the same key', () => {
  assert.equal(holds(aSecret(), files, key), true);
  assert.equal(holds(aSecret(), files, Buffer.alloc(32, 8)), false);
  assert.equal(holds(aSecret(), { ...files, 'ca.key': 'another' }, key), false);
  assert.equal(holds(aSecret(), { ...files, 'sa.key': 'more' }, key), false);
});

test('ends with the token that owns it', () => {
  const { ownerReferences } = aSecret().metadata;
  const owner = { apiVersion: 'v1', kind: 'Secret', name: 'bootstrap-token-abcdef', uid: 'u' };
  assert.deepEqual(ownerReferences, [{ ...owner, controller: true, blockOwnerDeletion: true }]);
});

test('shares the etcd CA of a local etcd, and the client files of an external one', () => {
  const local = sharedFilePaths(aConfig(), pathsOf('/r'));
  assert.equal(local['etcd-ca.key'], '/r/etc/kubernetes/pki/etcd/ca.key');
  const external = {
    endpoints: ['https://192.0.2.20:2379'],
    httpEndpoints: [],
    caFile: '/a',
    certFile: '/b',
    keyFile: '/c',
  };
  const config = aConfig((given) => ({ ...given, cluster: { ...given.cluster, etcd: { external } } }));
  const paths = sharedFilePaths(config, pathsOf('/r'));
  assert.deepEqual(
    [paths['external-etcd-ca.crt'], paths['external-etcd.key'], paths['etcd-ca.key']],
    ['/a', '/c', undefined],
  );
});
