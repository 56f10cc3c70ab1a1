import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRequest } from '../../src/host/host.ts';
import { ApiStatusError, createKubeClient } from '../../src/kube/client.ts';
import { dryRunKubeClient } from '../../src/kube/dry-run-client.ts';

function aClient(status: number, body: unknown, access: { readonly token?: string } = {}) {
  const sent: { readonly url: string; readonly options: HttpRequest }[] = [];
  const network = {
    request: async (url: string, options: HttpRequest = {}) => {
      sent.push({ url, options });
      return { status, headers: {}, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) };
    },
  };
  const client = createKubeClient(network, { server: 'https://192.0.2.10:6443', ca: 'CA', ...access });
  return { client, sent };
}

const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } };
const status = (reason: string) => ({ kind: 'Status', reason, message: `it is ${reason}` });

test('an object is read; one that is not there is a value', async () => {
  assert.deepEqual(await aClient(200, object).client.get('/api/v1/namespaces/x'), object);
  assert.equal(await aClient(404, status('NotFound')).client.get('/api/v1/namespaces/x'), undefined);
});

test('making what is there already is no error, a refusal is one with its reason', async () => {
  assert.equal(await aClient(201, object).client.create('/api/v1/namespaces', object), true);
  assert.equal(await aClient(409, status('AlreadyExists')).client.create('/api/v1/namespaces', object), false);
  await assert.rejects(
    aClient(403, status('Forbidden')).client.create('/api/v1/namespaces', object),
    (thrown: unknown) => {
      assert.ok(thrown instanceof ApiStatusError);
      assert.deepEqual([thrown.status, thrown.reason], [403, 'Forbidden']);
      assert.equal(thrown.message, 'POST /api/v1/namespaces: 403 it is Forbidden');
      return true;
    },
  );
});

test('an answer that is no Status is shown as it is', async () => {
  await assert.rejects(
    aClient(500, 'etcd failed: reason withheld').client.get('/x'),
    /500 etcd failed: reason withheld/,
  );
});

test('a patch is a merge patch, what is removed may be gone', async () => {
  const { client, sent } = aClient(200, object);
  await client.patch('/api/v1/namespaces/x', { metadata: { labels: { a: 'b' } } });
  assert.equal(sent[0]?.options.headers?.['content-type'], 'application/merge-patch+json');
  assert.equal(await client.remove('/api/v1/namespaces/x'), true);
  assert.equal(await aClient(404, status('NotFound')).client.remove('/x'), false);
});

test('the CA verifies the server, a token is sent as such', async () => {
  const { client, sent } = aClient(200, 'ok', { token: 'abc' });
  assert.deepEqual(await client.raw('/livez'), { status: 200, text: 'ok' });
  assert.equal(sent[0]?.options.ca, 'CA');
  assert.equal(sent[0]?.options.headers?.authorization, 'Bearer abc');
});

test('a dry run tells every change and finds what it made', async () => {
  const changes: string[] = [];
  const client = dryRunKubeClient('https://x', ({ method, path }) => changes.push(`${method} ${path}`));
  assert.equal(await client.create('/api/v1/namespaces', object), true);
  assert.equal(await client.create('/api/v1/namespaces', object), false);
  assert.deepEqual(await client.get('/api/v1/namespaces/x'), object);
  assert.deepEqual(await client.get('/api/v1/namespaces?limit=1'), { items: [] });
  assert.equal(await client.get('/api/v1/namespaces/y'), undefined);
  assert.deepEqual(changes, ['POST /api/v1/namespaces']);
});
