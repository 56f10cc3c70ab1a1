import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as cidr from '../../src/kube/cidr.ts';

describe('IP addresses', () => {
  it('writes every address in the one way to write it', () => {
    const cases: readonly [string, string | undefined][] = [
      ['192.0.2.10', '192.0.2.10'],
      ['010.000.0.1', '10.0.0.1'],
      ['::', '::'],
      ['::1', '::1'],
      ['FD00:0:0:1::0:0', 'fd00:0:0:1::'],
      ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
      ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
      ['192.0.2', undefined],
      ['192.0.2.256', undefined],
      ['192.0.2.1.', undefined],
      ['1:2:3:4:5:6:7', undefined],
      ['1:2:3:4:5:6:7:8:9', undefined],
      ['1::2::3', undefined],
      [':1', undefined],
      ['fe80::1%eth0', undefined],
      ['fffff::', undefined],
      ['::192.0.2.1:1', undefined],
      ['', undefined],
      ['node1', undefined],
    ];
    for (const [text, expected] of cases) assert.equal(cidr.normalizeIp(text), expected, text);
  });

  it('tells the families and kinds of addresses apart', () => {
    const kinds = (text: string) => {
      const address = cidr.parseIp(text);
      assert.ok(address);
      return [cidr.isLoopbackIp(address), cidr.isUnspecifiedIp(address), cidr.isGlobalUnicast(address)];
    };
    assert.deepEqual(kinds('127.3.2.1'), [true, false, false]);
    assert.deepEqual(kinds('::1'), [true, false, false]);
    assert.deepEqual(kinds('0.0.0.0'), [false, true, false]);
    assert.deepEqual(kinds('::'), [false, true, false]);
    for (const text of ['10.0.0.1', '192.0.2.1', 'fd00::1', '2001:db8::1'])
      assert.deepEqual(kinds(text), [false, false, true], text);
    for (const text of ['169.254.1.1', '224.0.0.1', '255.255.255.255', 'fe80::1', 'ff02::1']) {
      assert.deepEqual(kinds(text), [false, false, false], text);
    }
    assert.equal(cidr.isIPv6('fd00::1'), true);
    assert.equal(cidr.isIPv6('::ffff:10.0.0.1'), false);
    assert.equal(cidr.isIPv6('node1'), false);
  });

  it('puts brackets around IPv6 before a port only', () => {
    assert.equal(cidr.hostPort('fd00::1', 6443), '[fd00::1]:6443');
    assert.equal(cidr.hostPort('192.0.2.1', 6443), '192.0.2.1:6443');
    assert.equal(cidr.hostPort('example.com', '443'), 'example.com:443');
  });
});

describe('networks', () => {
  it('drops host bits and refuses what is none', () => {
    const written = (text: string) => {
      const network = cidr.parseCidr(text);
      return network && cidr.formatCidr(network);
    };
    assert.equal(written('10.96.3.4/12'), '10.96.0.0/12');
    assert.equal(written('fd00:10:96::5/112'), 'fd00:10:96::/112');
    assert.equal(written('0.0.0.0/0'), '0.0.0.0/0');
    for (const text of [
      '10.96.0.0',
      '10.96.0.0/33',
      'fd00::/129',
      '10.96.0.0/',
      '10.96.0.0/1/2',
      '/12',
      '10.96.0.0/-1',
      '::ffff:10.0.0.0/104',
    ]) {
      assert.equal(written(text), undefined, text);
    }
    assert.equal(cidr.parseCidrs('10.0.0.0/8,x'), undefined);
    assert.equal(cidr.parseCidrs('10.0.0.0/8,fd00::/64')?.length, 2);
  });

  it('gives the nth address of the first network and refuses one that is not there', () => {
    assert.equal(cidr.nthAddress('10.96.0.0/12', 1), '10.96.0.1');
    assert.equal(cidr.nthAddress('10.96.0.0/12,fd00::/108', 10), '10.96.0.10');
    assert.equal(cidr.nthAddress('fd00:10:96::/112', 1), 'fd00:10:96::1');
    assert.equal(cidr.nthAddress('192.168.1.250/24', 255), '192.168.1.255');
    assert.throws(() => cidr.nthAddress('192.168.1.0/30', 4), RangeError);
    assert.throws(() => cidr.nthAddress('services', 1), RangeError);
  });

  it('knows what overlaps and what is inside', () => {
    const network = (text: string) => cidr.parseCidr(text) ?? assert.fail(text);
    const ip = (text: string) => cidr.parseIp(text) ?? assert.fail(text);
    assert.equal(cidr.overlaps(network('10.96.0.0/12'), network('10.100.0.0/16')), true);
    assert.equal(cidr.overlaps(network('10.100.0.0/16'), network('10.96.0.0/12')), true);
    assert.equal(cidr.overlaps(network('10.96.0.0/12'), network('10.112.0.0/12')), false);
    assert.equal(cidr.overlaps(network('0.0.0.0/0'), network('::/0')), false);
    assert.equal(cidr.contains(network('10.96.0.0/12'), ip('10.111.255.255')), true);
    assert.equal(cidr.contains(network('10.96.0.0/12'), ip('10.112.0.0')), false);
    assert.equal(cidr.contains(network('10.96.0.0/12'), ip('fd00::1')), false);
    assert.equal(cidr.cidrSize(network('10.96.0.0/12')), 1048576n);
    assert.equal(cidr.hostBits(network('fd00::/108')), 20);
  });
});
