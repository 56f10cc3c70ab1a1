import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, deflateSync } from 'node:zlib';
import { sha256Hex } from '../../../src/base/hash.ts';
import { spdyDictionary } from '../../../src/streaming/spdy/dictionary.ts';
import { HeaderCodec } from '../../../src/streaming/spdy/header-codec.ts';
import { recordedExec } from '../recorded-frames.ts';

test('the dictionary is that of SPDY/3, byte by byte', () => {
  const dictionary = spdyDictionary();
  assert.equal(dictionary.length, 1423);
  assert.equal(sha256Hex(dictionary), '51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02');
});

test('decodes the header blocks of a real client, one after another', async () => {
  const codec = new HeaderCodec();
  const types: (string | undefined)[] = [];
  for (let at = 0; recordedExec.readUInt16BE(at) === 0x8003; ) {
    const length = recordedExec.readUIntBE(at + 5, 3);
    const headers = await codec.decode(recordedExec.subarray(at + 18, at + 8 + length));
    types.push(headers.get('streamtype'));
    at += 8 + length;
  }
  assert.deepEqual(types, ['error', 'stdin', 'stdout', 'stderr']);
});

test('encodes blocks that the other side decodes, in order', async () => {
  const [here, there] = [new HeaderCodec(), new HeaderCodec()];
  for (const headers of [
    new Map(),
    new Map([['port', '80']]),
    new Map([
      ['port', '80'],
      ['requestid', '1'],
    ]),
  ]) {
    assert.deepEqual(await there.decode(await here.encode(headers)), headers);
  }
});

const damaged: readonly (readonly [string, Uint8Array])[] = [
  ['no zlib at all', Buffer.from('not zlib')],
  ['another dictionary', deflateSync('x', { dictionary: Buffer.from('another') })],
  ['more headers than it holds', blockOf(Buffer.from([0, 0, 0, 9]))],
  ['a text longer than the block', blockOf(Buffer.from([0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]))],
  ['a hundred thousand headers', blockOf(Buffer.from([0, 1, 0x86, 0xa0]))],
  ['100 MB of zeros in 100 KB', blockOf(Buffer.alloc(100 * 1024 * 1024))],
];

for (const [what, block] of damaged) {
  test(`refuses a header block of ${what}`, async () => {
    await assert.rejects(new HeaderCodec().decode(block), { name: 'ProtocolError' });
  });
}

function blockOf(bytes: Buffer): Buffer {
  return deflateSync(bytes, { dictionary: spdyDictionary(), finishFlush: constants.Z_SYNC_FLUSH });
}
