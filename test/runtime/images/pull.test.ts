import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Host } from '../../../src/host/host.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import { pullImage } from '../../../src/runtime/images/pull.ts';
import { parseReference } from '../../../src/runtime/images/reference.ts';
import { Registry } from '../../../src/runtime/images/registry.ts';
import { findStored, listStored } from '../../../src/runtime/images/store.ts';
import type { PullOptions } from '../../../src/runtime/runtime.ts';
import { type FakeRegistry, startFakeRegistry } from '../../fakes/fake-registry.ts';
import { aTar, digestOf, imageConfig, ociImage, temporaryDirectory, testPlatform } from '../../fakes/images.ts';

const image = {
  tags: [],
  layers: [aTar([{ path: 'bin/app', content: 'x'.repeat(300_000) }]), aTar([{ path: 'etc/conf', content: 'y' }])],
};
const { manifest, blobs } = ociImage(image, (layer) => gzipSync(layer, { level: 0 }));
const [, bigLayer = Buffer.alloc(0)] = blobs;
const content = { manifests: { '1': manifest, [digestOf(manifest)]: manifest }, blobs };
/** Retries wait on this clock: at once. */
const hastyClock = {
  ticks: () => performance.now(),
  now: () => 0,
  after: (delayMs: number, action: () => void) => {
    if (delayMs < 5000) setImmediate(action);
    return () => {};
  },
};

function aPull(context: TestContext, registry: Pick<FakeRegistry, 'address'>) {
  const storeDir = join(temporaryDirectory(context), 'store');
  const host = { ...nodeHost, homeDirectory: () => storeDir, env: () => undefined };
  return {
    storeDir,
    pull: (name: string, options?: PullOptions) =>
      pullImage({ host, clock: hastyClock, storeDir, platform: testPlatform }, `${registry.address}/${name}`, options),
  };
}

test('pulls by tag and files the image under its tag and its digest', async (context) => {
  const registry = await startFakeRegistry(context, content);
  const { storeDir, pull } = aPull(context, registry);
  const said: string[] = [];
  const id = await pull('team/app:1', { onProgress: (text) => said.push(text) });
  assert.equal(id, digestOf(imageConfig(image)));
  const [stored] = await listStored(nodeHost, storeDir);
  assert.deepEqual(stored?.tags, [`${registry.address}/team/app:1`]);
  assert.deepEqual(stored?.digests, [`${registry.address}/team/app@${digestOf(manifest)}`]);
  assert.match(said.at(-2) ?? '', /0\.3 of 0\.3 MB/);
});

test('asks only for the manifest when the image is there', async (context) => {
  const registry = await startFakeRegistry(context, content);
  const { pull } = aPull(context, registry);
  await pull('app:1');
  const before = registry.requests.length;
  await pull('app:1');
  assert.deepEqual(
    registry.requests.slice(before).map(({ line }) => line),
    ['GET /v2/app/manifests/1'],
  );
});

test('takes the image of this platform out of an index', async (context) => {
  const other = { digest: `sha256:${'0'.repeat(64)}`, size: 1, platform: { os: 'linux', architecture: 'mips' } };
  const ours = { digest: digestOf(manifest), size: manifest.length, platform: testPlatform };
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [other, ours] }));
  const registry = await startFakeRegistry(context, { ...content, manifests: { ...content.manifests, many: index } });
  const { storeDir, pull } = aPull(context, registry);
  await pull('app:many');
  assert.ok(await findStored(nodeHost, storeDir, `${registry.address}/app@${digestOf(index)}`));
});

test('takes a download up where it broke', async (context) => {
  let breaks = 2;
  const intercept = (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.endsWith(digestOf(bigLayer)) || breaks === 0) return false;
    breaks -= 1;
    const from = Number(/(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': bigLayer.length - from });
    response.write(bigLayer.subarray(from, from + 100_000), () => response.destroy());
    return true;
  };
  const registry = await startFakeRegistry(context, { ...content, intercept });
  await aPull(context, registry).pull('app:1');
  const ranges = registry.requests.filter(({ line }) => line.endsWith(digestOf(bigLayer))).map(({ range }) => range);
  assert.equal(ranges.length, 3);
  assert.match(ranges[2] ?? '', /^bytes=[1-9]\d*-$/);
});

test('begins again where the registry knows no ranges', async (context) => {
  let asked = 0;
  const intercept = (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.endsWith(digestOf(bigLayer))) return false;
    asked += 1;
    response.writeHead(200, { 'content-length': bigLayer.length });
    if (asked === 1) response.write(bigLayer.subarray(0, 1000), () => response.destroy());
    else response.end(bigLayer);
    return true;
  };
  const registry = await startFakeRegistry(context, { ...content, intercept });
  await aPull(context, registry).pull('app:1');
  assert.equal(asked, 2);
});

test('gives up a connection that breaks every time, and keeps nothing', async (context) => {
  const intercept = (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.includes('/blobs/') || !request.url.endsWith(digestOf(bigLayer))) return false;
    response.writeHead(200, { 'content-length': bigLayer.length });
    response.write('x', () => response.destroy());
    return true;
  };
  const registry = await startFakeRegistry(context, { ...content, intercept });
  const { storeDir, pull } = aPull(context, registry);
  await assert.rejects(pull('app:1'), /cannot pull .*app:1: blob sha256:/);
  assert.deepEqual(await listStored(nodeHost, storeDir), []);
});

test('fetches an anonymous token, and sends it to the registry alone', async (context) => {
  const elsewhere = await startFakeRegistry(context, content);
  const intercept = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/v2/') return false;
    if (request.url?.startsWith('/token')) response.end('{"token":"T"}');
    else if (request.headers.authorization !== 'Bearer T') {
      const realm = `http://${request.headers.host}/token`;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="s"` }).end();
    } else if (request.url?.includes('/blobs/')) {
      response.writeHead(307, { location: `http://${elsewhere.address}${request.url}` }).end();
    } else return false;
    return true;
  };
  const registry = await startFakeRegistry(context, { ...content, intercept });
  await aPull(context, registry).pull('app:1');
  assert.ok(registry.requests.some(({ line }) => line === 'GET /token?service=s&scope=repository%3Aapp%3Apull'));
  assert.ok(elsewhere.requests.length >= 3);
  assert.ok(elsewhere.requests.every(({ authorization }) => authorization === undefined));
});

test('logs in with the password it is given, and says when it has none', async (context) => {
  const intercept = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/v2/') return false;
    if (request.headers.authorization === `Basic ${Buffer.from('u:p').toString('base64')}`) return false;
    response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    return true;
  };
  const registry = await startFakeRegistry(context, { ...content, intercept });
  const { pull } = aPull(context, registry);
  await assert.rejects(pull('app:1'), /wants to know who we are/);
  await assert.rejects(pull('app:1', { credentials: { username: 'u', password: 'wrong' } }), /access denied, HTTP 401/);
  await pull('app:1', { credentials: { username: 'u', password: 'p' } });
});

test('refuses bytes that are not what was asked for', async (context) => {
  const forged = Buffer.from(manifest.toString().replace('{', '{ '));
  const registry = await startFakeRegistry(context, { ...content, manifests: { [digestOf(manifest)]: forged } });
  await assert.rejects(aPull(context, registry).pull(`app@${digestOf(manifest)}`), /damaged or tampered/);
  const intercept = (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.endsWith(digestOf(bigLayer))) return false;
    response.end(Buffer.alloc(bigLayer.length));
    return true;
  };
  const second = await startFakeRegistry(context, { ...content, intercept });
  await assert.rejects(aPull(context, second).pull('app:1'), /damaged or tampered/);
});

test('refuses to be sent to plain http on another machine', async (context) => {
  const intercept = (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.includes('/blobs/')) return false;
    response.writeHead(302, { location: 'http://192.0.2.1/blob' }).end();
    return true;
  };
  const registry = await startFakeRegistry(context, { ...content, intercept });
  await assert.rejects(aPull(context, registry).pull('app:1'), /not https/);
});

test('says what the registry says', async (context) => {
  const registry = await startFakeRegistry(context, content);
  await assert.rejects(
    aPull(context, registry).pull('app:2'),
    /manifest 2: the registry does not have it, HTTP 404 \(UNKNOWN: not here\)/,
  );
});

test('says so at once when nobody listens, or somebody who is no registry', async (context) => {
  const server = createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .end('hello'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await assert.rejects(aPull(context, { address }).pull('app:1'), /cannot pull/);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  await assert.rejects(aPull(context, { address }).pull('app:1'), /no registry at .*ECONNREFUSED/);
});

test('ends when it is told to', async (context) => {
  const abort = new AbortController();
  const intercept = (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.endsWith(digestOf(bigLayer))) return false;
    response.writeHead(200, { 'content-length': bigLayer.length });
    response.write('x', () => abort.abort(new Error('interrupted')));
    return true;
  };
  const registry = await startFakeRegistry(context, { ...content, intercept });
  await assert.rejects(aPull(context, registry).pull('app:1', { signal: abort.signal }), /interrupted/);
});

test('goes by the proxy of the environment, but never to this machine itself', async () => {
  const asked: [string, boolean | undefined][] = [];
  const request: Host['request'] = async (url, options) => {
    asked.push([url, options?.throughProxy]);
    return { status: 200, headers: {}, body: Buffer.from('{}') };
  };
  for (const text of ['nginx', 'registry.example/app', 'localhost:5000/app']) {
    const reference = parseReference(text);
    await Registry.connect({ host: { ...nodeHost, request }, reference, credentials: async () => undefined });
  }
  assert.deepEqual(asked, [
    ['https://registry-1.docker.io/v2/', true],
    ['https://registry.example/v2/', true],
    ['https://localhost:5000/v2/', false],
  ]);
});
