import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutSecrets } from '../../src/cli/secrets.ts';

test('private keys and tokens are never shown, the rest is', () => {
  const text = withoutSecrets(
    'a: 1\n-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n  client-key-data: c2VjcmV0\n  token: t0k3n\nb: 2\n',
  );
  assert.equal(
    text,
    'a: 1\n(RSA PRIVATE KEY, not shown)\n  client-key-data: (not shown)\n  token: (not shown)\nb: 2\n',
  );
});
