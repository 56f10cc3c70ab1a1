import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decrypt, encrypt } from '../../src/pki/encrypt.ts';

const key = Buffer.from('00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', 'hex');
const nonce = Buffer.from('000102030405060708090a0b', 'hex');

test('what was encrypted is read back with the same key only, and only whole', () => {
  const sealed = encrypt(Buffer.from('a private key'), key, nonce);
  assert.equal(Buffer.from(decrypt(sealed, key) ?? []).toString(), 'a private key');
  assert.equal(decrypt(sealed, Buffer.alloc(32)), undefined);
  assert.equal(decrypt(sealed.subarray(0, -1), key), undefined);
  assert.equal(decrypt(sealed.subarray(0, 20), key), undefined);
});

test('is laid out as nonce, data and tag, as Go seals it', () => {
  const sealed = encrypt(Buffer.from('abc'), key, nonce);
  assert.deepEqual(Buffer.from(sealed.subarray(0, 12)), nonce);
  assert.equal(sealed.length, 12 + 3 + 16);
});
