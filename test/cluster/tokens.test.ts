import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type LiveToken, listTokens, planTokens, secretsPath, tokenSecret } from '../../src/cluster/tokens.ts';
import type { BootstrapToken } from '../../src/config/types.ts';
import { ObjectStore } from '../fakes/object-store.ts';

const nowMs = Date.UTC(2026, 10, 23, 12);
const hourMs = 3_600_000;

function aToken(change: Partial<BootstrapToken> = {}): BootstrapToken {
  return {
    token: 'abcdef.0123456789abcdef',
    description: '',
    ttlMs: 24 * hourMs,
    expires: undefined,
    usages: ['signing', 'authentication'],
    groups: ['system:bootstrappers:kubeadm:default-node-token'],
    ...change,
  };
}

function live(change: Partial<LiveToken> = {}): LiveToken {
  return {
    id: 'abcdef',
    secret: '0123456789abcdef',
    description: '',
    expiresMs: nowMs + 20 * hourMs,
    usages: ['authentication', 'signing'],
    groups: ['system:bootstrappers:kubeadm:default-node-token'],
    ...change,
  };
}

function planned(wanted: BootstrapToken, ...there: readonly LiveToken[]): string {
  const [plan] = planTokens([wanted], there, nowMs);
  return `${plan?.action} ${plan?.token}: ${plan?.because}`;
}

describe('a token of the configuration', () => {
  test('is made when it is not there', () => {
    assert.equal(planned(aToken()), 'create abcdef.0123456789abcdef: is not there');
  });

  test('is kept while it lives, its end not moved', () => {
    assert.equal(planned(aToken(), live()), 'keep abcdef.0123456789abcdef: ends in 20 h');
    assert.equal(planned(aToken(), live({ expiresMs: undefined })), 'keep abcdef.0123456789abcdef: never ends');
  });

  test('is made anew when it has ended, or is for something else', () => {
    const is = (change: Partial<LiveToken>) => planned(aToken(), live(change));
    assert.match(is({ expiresMs: nowMs }), /^update .*: has ended$/);
    assert.match(is({ secret: 'fedcba9876543210' }), /^update .*: its secret differs$/);
    assert.match(is({ groups: [] }), /^update .*: its usages, groups or description differ$/);
    const until = aToken({ ttlMs: undefined, expires: '2026-11-25T00:00:00Z' });
    assert.match(planned(until, live()), /^update .*: its end differs$/);
  });
});

describe('a token that nobody asked for', () => {
  const drawn = aToken({ token: 'zzzzzz.zzzzzzzzzzzzzzzz', generated: true });

  test('is not made while there is one like it with half of its life before it', () => {
    assert.equal(planned(drawn, live()), 'keep abcdef.0123456789abcdef: ends in 20 h');
  });

  test('is made when those that are there end soon, or are for something else', () => {
    const others = [live({ expiresMs: nowMs + 11 * hourMs }), live({ groups: [] }), live({ description: 'mine' })];
    assert.equal(planned(drawn, ...others), 'create zzzzzz.zzzzzzzzzzzzzzzz: is not there');
  });
});

describe('the Secret of a token', () => {
  const texts = (token: BootstrapToken) => {
    const data = tokenSecret(token, nowMs).data as Readonly<Record<string, string>>;
    return Object.fromEntries(
      Object.entries(data).map(([name, text]) => [name, Buffer.from(text, 'base64').toString()]),
    );
  };

  test('holds what the API server and the signer look for', () => {
    assert.deepEqual(texts(aToken({ description: 'rack 3' })), {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      description: 'rack 3',
      expiration: '2026-11-24T12:00:00Z',
      'usage-bootstrap-signing': 'true',
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
    });
  });

  test('has no end with a ttl of 0', () => {
    assert.equal(texts(aToken({ ttlMs: 0 })).expiration, undefined);
  });
});

test('what is read back is the token; a Secret that is none is named without its contents', async () => {
  const store = new ObjectStore();
  const put = (object: ReturnType<typeof tokenSecret>) =>
    store.objects.set(`${secretsPath}/${object.metadata.name}`, object);
  put(tokenSecret(aToken(), nowMs - 4 * hourMs));
  const broken = tokenSecret(aToken({ token: 'broken.x' }), nowMs);
  put(broken);
  const { tokens, problems } = await listTokens(store.client);
  assert.deepEqual(tokens, [live()]);
  assert.deepEqual(problems, [
    'Secret kube-system/bootstrap-token-broken is no bootstrap token: token-id or token-secret is malformed',
  ]);
});
