import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { createKeySource } from '../../src/pki/keys.ts';
import { signingRequest } from '../../src/pki/signing-request.ts';

/** What openssl reads in a request whose signature it has verified. */
function read(request: string): string {
  return execFileSync('openssl', ['req', '-noout', '-text', '-verify'], { input: request, encoding: 'utf8' });
}

test('openssl verifies a request and reads subject and names in it', async () => {
  const key = await createKeySource('ECDSA-P256', 1).next();
  const text = read(
    signingRequest(
      { commonName: 'system:node:node1', organizations: ['system:nodes'], sans: ['node1', '192.0.2.7', '2001:db8::1'] },
      key,
    ),
  );
  assert.match(text, /Subject: O ?= ?system:nodes, CN ?= ?system:node:node1/);
  assert.match(text, /DNS:node1, IP Address:192\.0\.2\.7, IP Address:2001:DB8:0:0:0:0:0:1/);
  assert.match(text, /ecdsa-with-SHA256/);
});

test('a client’s request asks for no names', async () => {
  const key = await createKeySource('RSA-2048', 1).next();
  const text = read(signingRequest({ commonName: 'x', organizations: [], sans: [] }, key));
  assert.doesNotMatch(text, /Alternative Name/);
  assert.match(text, /sha256WithRSAEncryption/);
});
