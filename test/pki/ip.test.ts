import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ipBytes, ipText } from '../../src/pki/ip.ts';

for (const [text, written] of [
  ['192.0.2.10', '192.0.2.10'],
  ['192.000.002.010', '192.0.2.10'],
  ['::1', '0000:0000:0000:0000:0000:0000:0000:0001'],
  ['::', '0000:0000:0000:0000:0000:0000:0000:0000'],
  ['2001:DB8::10', '2001:0db8:0000:0000:0000:0000:0000:0010'],
  ['2001:db8:1:2:3:4:5:6', '2001:0db8:0001:0002:0003:0004:0005:0006'],
  ['fe80::', 'fe80:0000:0000:0000:0000:0000:0000:0000'],
  ['::ffff:192.0.2.10', '192.0.2.10'],
  ['::ffff:c000:20a', '192.0.2.10'],
] as const) {
  test(`${text} is the address ${written}`, () => {
    const bytes = ipBytes(text);
    assert.equal(bytes && ipText(bytes), written);
  });
}

for (const text of [
  '',
  'localhost',
  '192.0.2',
  '192.0.2.256',
  '1.2.3.4.5',
  'a:b',
  '::1::',
  'fe80::1%eth0',
  'host:80',
  '[::1]',
]) {
  test(`"${text}" is no address`, () => assert.equal(ipBytes(text), undefined));
}
