import assert from 'node:assert/strict';
import test from 'node:test';
import { manifestText } from '../../../src/agent/source/manifest-text.ts';

test('text is UTF-8, and a byte that is none is named with its place', () => {
  assert.deepEqual(manifestText(Buffer.from('a: é\n')), { text: 'a: é\n' });
  const place = (bytes: readonly number[]) => {
    const read = manifestText(Uint8Array.from(bytes));
    return 'problem' in read ? read.problem : '';
  };
  assert.match(place([0x61, 0x0a, 0x62, 0xff, 0x63]), /byte 0xff in line 2, column 2/);
  assert.match(place([0xc3]), /line 1, column 1/);
  assert.match(place([0xe2, 0x82, 0x0a, 0x61]), /line/);
  assert.match(place([0xff, 0xfe, 0x61, 0x00]), /UTF-16/);
});
