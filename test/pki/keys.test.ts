import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import {
  createKeySource,
  isPair,
  parsePrivateKey,
  parsePublicKeys,
  privateKeyPem,
  publicKeyPem,
} from '../../src/pki/keys.ts';

const forms = [
  ['RSA-2048', 'RSA PRIVATE KEY', { modulusLength: 2048 }],
  ['RSA-3072', 'RSA PRIVATE KEY', { modulusLength: 3072 }],
  ['RSA-4096', 'RSA PRIVATE KEY', { modulusLength: 4096 }],
  ['ECDSA-P256', 'EC PRIVATE KEY', { namedCurve: 'prime256v1' }],
  ['ECDSA-P384', 'EC PRIVATE KEY', { namedCurve: 'secp384r1' }],
] as const;

for (const [algorithm, heading, details] of forms) {
  test(`${algorithm} keys are of that size and written as ${heading}`, async () => {
    const pem = privateKeyPem(await createKeySource(algorithm, 1).next());
    assert.ok(pem.startsWith(`-----BEGIN ${heading}-----\n`) && pem.endsWith(`-----END ${heading}-----\n`));
    assert.partialDeepStrictEqual(createPrivateKey(pem).asymmetricKeyDetails, details);
  });
}

test('the public key is written as PUBLIC KEY and belongs to the private one', async () => {
  const key = await createKeySource('ECDSA-P256', 1).next();
  const pem = publicKeyPem(key);
  assert.match(pem, /^-----BEGIN PUBLIC KEY-----\n/);
  assert.ok(isPair(createPublicKey(pem), key));
  assert.equal(parsePublicKeys(pem + pem).length, 2);
});

test('reads PKCS#8 and skips other blocks before the key, as the parameters that openssl writes', async () => {
  const key = await createKeySource('ECDSA-P256', 1).next();
  const pkcs8 = key.export({ type: 'pkcs8', format: 'pem' });
  const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
  assert.ok(parsePrivateKey(`${parameters}${pkcs8}`)?.equals(key));
  assert.equal(parsePrivateKey(parameters), undefined);
  assert.equal(parsePrivateKey('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'), undefined);
});

test('no more keys are in the making than asked for, and they come in the order asked', async () => {
  const keys = createKeySource('RSA-2048', 1);
  const order: number[] = [];
  await Promise.all([0, 1, 2, 3].map((index) => keys.next().then(() => order.push(index))));
  assert.deepEqual(order, [0, 1, 2, 3]);
});
