import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as names from '../../src/kube/names.ts';

describe('names', () => {
  it('knows DNS-1123 labels and subdomains', () => {
    for (const text of ['a', 'node-1', '1a', 'a'.repeat(63)]) assert.ok(names.isDnsLabel(text), text);
    for (const text of ['', 'A', '-a', 'a-', 'a.b', 'a_b', 'a'.repeat(64)]) assert.ok(!names.isDnsLabel(text), text);
    for (const text of ['a', 'node1.example.com', '1.2', 'a'.repeat(253)]) assert.ok(names.isDnsSubdomain(text), text);
    for (const text of ['', 'a..b', '.a', 'a.', 'a.-b', 'Node', 'a'.repeat(254)])
      assert.ok(!names.isDnsSubdomain(text), text);
    assert.ok(names.isWildcardDnsSubdomain('*.example.com'));
    for (const text of ['*', '*.', 'a.*.b', 'example.com', '**.a'])
      assert.ok(!names.isWildcardDnsSubdomain(text), text);
  });

  it('knows qualified names and label values', () => {
    for (const text of ['key', 'example.com/key', 'A_b.c-d', 'a'.repeat(63)])
      assert.ok(names.isQualifiedName(text), text);
    for (const text of ['', '/a', 'a/', 'a/b/c', 'Ex_ample/a', '-a', 'a'.repeat(64)])
      assert.ok(!names.isQualifiedName(text), text);
    for (const text of ['', 'x', 'A.b-c_D']) assert.ok(names.isLabelValue(text), text);
    for (const text of ['-x', 'a/b', 'x'.repeat(64)]) assert.ok(!names.isLabelValue(text), text);
  });

  it('names a static pod after its node in lower case', () => {
    assert.equal(names.podNameOnNode('etcd', 'Node-1.Example'), 'etcd-node-1.example');
  });

  it('counts what must be changed, and finds the nearest name if it is near', () => {
    assert.equal(names.editDistance('', 'abc'), 3);
    assert.equal(names.editDistance('kitten', 'sitting'), 3);
    assert.equal(names.editDistance('etcdPeer', 'etcdPere'), 1);
    const fields = ['serviceSubnet', 'podSubnet', 'dnsDomain'];
    assert.equal(names.nearest('serviceSubnets', fields), 'serviceSubnet');
    assert.equal(names.nearest('podsubnet', fields), 'podSubnet');
    assert.equal(names.nearest('dnsdomian', fields), 'dnsDomain');
    assert.equal(names.nearest('somethingElse', fields), undefined);
    assert.equal(names.nearest('x', []), undefined);
  });
});
