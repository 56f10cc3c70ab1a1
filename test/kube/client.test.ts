import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRequest } from '../../src/host/host.ts';
import { ApiStatusError, type ClusterAccess, createKubeClient } from '../../src/kube/client.ts';
import { dryRunKubeClient } from '../../src/kube/dry-run-client.ts';

function aClient(status: number, body: unknown, access: Partial<ClusterAccess> = {}) {
  const sent: { readonly url: string; readonly options: HttpRequest }[] = [];
  const network = {
    request: async (url: string, options: HttpRequest = {}) => {
      sent.push({ url, options });
      return { status, headers: {}, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) };
    },
    requestStream: async (url: string, options: HttpRequest = {}) => {
      sent.push({ url, options });
      return { status, headers: {}, body: streamOf(typeof body === 'string' ? body : JSON.stringify(body)) };
    },
  };
  const client = createKubeClient(network, { server: 'https://192.0.2.10:6443', ca: 'CA', ...access });
  return { client, sent };
}

/** In parts that are cut anywhere. */
async function* streamOf(text: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += 7) yield Buffer.from(text.slice(at, at + 7));
}

async function eventsOf(watch: AsyncIterable<unknown>): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of watch) events.push(event);
  return events;
}

const { signal } = new AbortController();

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

test('objects are made, replaced and applied by the request that Kubernetes has for it', async () => {
  const { client, sent } = aClient(200, object);
  const path = '/api/v1/namespaces';
  assert.deepEqual(await client.createObject(path, object, { fieldManager: 'us' }), object);
  await client.update(`${path}/x`, object, { timeoutMs: 3_000 });
  await client.patch(`${path}/x?dryRun=All`, object, { type: 'apply', fieldManager: 'us', force: true });
  await client.patch(`${path}/x/status`, object, { type: 'strategic' });
  assert.deepEqual(
    sent.map(({ url, options }) => [options.method, url.slice('https://192.0.2.10:6443'.length)]),
    [
      ['POST', '/api/v1/namespaces?fieldManager=us'],
      ['PUT', '/api/v1/namespaces/x'],
      ['PATCH', '/api/v1/namespaces/x?dryRun=All&fieldManager=us&force=true'],
      ['PATCH', '/api/v1/namespaces/x/status'],
    ],
  );
  assert.deepEqual(
    sent.slice(2).map(({ options }) => options.headers?.['content-type']),
    ['application/apply-patch+yaml', 'application/strategic-merge-patch+json'],
  );
  assert.equal(sent[1]?.options.timeoutMs, 3_000);
  await assert.rejects(aClient(409, status('AlreadyExists')).client.createObject(path, object), /409/);
});

test('only that very object is removed when its UID is given', async () => {
  const { client, sent } = aClient(200, object);
  await client.remove('/api/v1/pods/x', { uid: 'u-1', graceSeconds: 0, propagation: 'Background' });
  assert.deepEqual(JSON.parse(String(sent[0]?.options.body)), {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: { uid: 'u-1' },
    gracePeriodSeconds: 0,
    propagationPolicy: 'Background',
  });
  await client.remove('/api/v1/pods/x');
  assert.equal(sent[1]?.options.body, undefined);
});

test('a watch gives events as they come, also when lines are cut anywhere', async () => {
  const events = [
    { type: 'ADDED', object: { metadata: { resourceVersion: '7' } } },
    { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } },
  ];
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  const { client, sent } = aClient(200, text);
  const seen = await eventsOf(client.watch('/api/v1/pods?x=y', { resourceVersion: '5', signal }));
  assert.deepEqual(seen, events);
  const url = new URL(sent[0]?.url ?? '');
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    x: 'y',
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: '5',
    timeoutSeconds: '300',
  });
});

test('a watch from a version that is too old is 410, whether it says so at once or in between', async () => {
  const follow = (code: number, body: unknown) =>
    eventsOf(aClient(code, body).client.watch('/api/v1/pods', { resourceVersion: '5', signal }));
  const gone = (thrown: unknown) => thrown instanceof ApiStatusError && thrown.status === 410;
  await assert.rejects(follow(410, status('Expired')), gone);
  const event = { type: 'ERROR', object: { ...status('Expired'), code: 410 } };
  await assert.rejects(follow(200, `${JSON.stringify(event)}\n`), gone);
});

test('the patience that a server asks for is in its error', async () => {
  const headers = { 'retry-after': '7' };
  const request = async () => ({ status: 429, headers, body: Buffer.from('slow down') });
  const client = createKubeClient({ request, requestStream: () => assert.fail() }, { server: 'https://x' });
  await assert.rejects(
    client.list('/api/v1/pods'),
    (thrown: unknown) =>
      thrown instanceof ApiStatusError && thrown.retryAfterMs === 7_000 && thrown.detail === 'slow down',
  );
});

test('a kubeconfig’s own server name counts, and that nothing is to be verified', async () => {
  const { client, sent } = aClient(200, 'ok', { serverName: 'kubernetes', insecure: true });
  await client.raw('/livez');
  assert.deepEqual([sent[0]?.options.serverName, sent[0]?.options.ca], ['kubernetes', false]);
});
