import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCredentials } from '../../../src/runtime/images/credentials.ts';
import { meetChallenge, parseChallenge } from '../../../src/runtime/images/registry-auth.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const answer = (status: number, body: unknown) => async () => ({
  status,
  headers: {},
  body: Buffer.from(JSON.stringify(body)),
});

test('reads the challenge of a token registry', () => {
  const challenge = parseChallenge(
    'Bearer realm="https://auth.example/token",service="reg \\"x\\"",scope="repository:a:pull,push"',
  );
  assert.equal(challenge?.scheme, 'bearer');
  assert.deepEqual(Object.fromEntries(challenge?.parameters ?? []), {
    realm: 'https://auth.example/token',
    service: 'reg "x"',
    scope: 'repository:a:pull,push',
  });
});

test('reads a challenge for user and password, and none in what it does not know', () => {
  assert.equal(parseChallenge('basic realm=registry')?.scheme, 'basic');
  assert.equal(parseChallenge('Negotiate'), undefined);
  assert.equal(parseChallenge(''), undefined);
});

test('asks for a token with the scope of the repository, anonymously', async () => {
  const asked: [string, unknown][] = [];
  const authorization = await meetChallenge(
    {
      scheme: 'bearer',
      parameters: new Map([
        ['realm', 'https://auth.example/token?a=1'],
        ['service', 's'],
      ]),
    },
    {
      repository: 'team/app',
      credentials: undefined,
      request: async (url, options) => {
        asked.push([url, options.headers]);
        return answer(200, { access_token: 'T' })();
      },
    },
  );
  assert.equal(authorization, 'Bearer T');
  assert.deepEqual(asked, [['https://auth.example/token?a=1&service=s&scope=repository%3Ateam%2Fapp%3Apull', {}]]);
});

test('never asks for a token in the clear', async () => {
  const challenge = { scheme: 'bearer', parameters: new Map([['realm', 'http://auth.example/token']]) } as const;
  const at = { repository: 'a', credentials: undefined, request: answer(200, { token: 'T' }) };
  await assert.rejects(meetChallenge(challenge, at), /no https address/);
});

test('says who gave no token', async () => {
  const challenge = { scheme: 'bearer', parameters: new Map([['realm', 'https://auth.example/']]) } as const;
  const at = { repository: 'a', credentials: undefined };
  await assert.rejects(
    meetChallenge(challenge, { ...at, request: answer(403, {}) }),
    /auth.example gives no token: HTTP 403/,
  );
  await assert.rejects(meetChallenge(challenge, { ...at, request: answer(200, {}) }), /without a token/);
});

test('has no answer for a registry that wants a password nobody gave', async () => {
  const at = { repository: 'a', credentials: undefined, request: answer(200, {}) };
  assert.equal(await meetChallenge({ scheme: 'basic', parameters: new Map() }, at), undefined);
});

test('finds a login by registry, whatever form its key has', () => {
  const auths = {
    'https://index.docker.io/v1/': { auth: base64('hub:p:w') },
    'reg.example:5000': { auth: base64('u:p') },
    'https://other.example/v2/': { username: 'o', password: 'q' },
  };
  assert.deepEqual(findCredentials({ auths }, 'docker.io', 'f'), { username: 'hub', password: 'p:w' });
  assert.deepEqual(findCredentials({ auths }, 'reg.example:5000', 'f'), { username: 'u', password: 'p' });
  assert.deepEqual(findCredentials({ auths }, 'other.example', 'f'), { username: 'o', password: 'q' });
  assert.equal(findCredentials({ auths }, 'reg.example', 'f'), undefined);
});

test('says that it cannot ask a credential helper, but only for that registry', () => {
  const config = { auths: { 'a.example': {} }, credsStore: 'desktop', credHelpers: { 'b.example': 'ecr-login' } };
  assert.throws(() => findCredentials(config, 'a.example', 'f'), /credential helper desktop/);
  assert.throws(() => findCredentials(config, 'b.example', 'f'), /credential helper ecr-login/);
  assert.equal(findCredentials(config, 'c.example', 'f'), undefined);
  assert.throws(() => findCredentials({ auths: { a: { identitytoken: 'x' } } }, 'a', 'f'), /identity token/);
});
