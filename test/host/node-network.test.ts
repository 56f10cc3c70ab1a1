import assert from 'node:assert/strict';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { connectUrl } from '../../src/host/connect-url.ts';
import { nodeNetwork } from '../../src/host/node-network.ts';

const server = http.createServer((request, response) => {
  if (request.url === '/never') return;
  response.writeHead(request.url === '/moved' ? 302 : 200, { location: '/', 'x-method': request.method ?? '' });
  response.end('0123456789');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
after(() => server.close());

test('reads a body up to its limit and follows no redirect', async () => {
  const answer = await nodeNetwork.request(`http://127.0.0.1:${port}/moved`, { method: 'PUT', body: 'x', maxBytes: 4 });
  assert.equal(answer.status, 302);
  assert.equal(answer.headers['x-method'], 'PUT');
  assert.equal(Buffer.from(answer.body).toString(), '0123');
});

test('gives up a request that gets no answer', async () => {
  await assert.rejects(
    nodeNetwork.request(`http://127.0.0.1:${port}/never`, { timeoutMs: 50 }),
    /no answer from .*50 ms/,
  );
});

test('says why one cannot listen, and who does', async () => {
  assert.equal(await nodeNetwork.tryListen('127.0.0.1', port), 'EADDRINUSE');
  assert.equal(await nodeNetwork.tryListen('192.0.2.200', 1), 'EADDRNOTAVAIL');
  const [listener] = await nodeNetwork.listeners(port);
  assert.equal(listener?.pid, process.pid);
  assert.equal(listener?.address, '127.0.0.1');
});

test('the time that a request has is also that of its body', async (t) => {
  const slow = http.createServer((_request, response) => {
    response.writeHead(200);
    response.write('begun');
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  t.after(() => slow.closeAllConnections());
  t.after(() => slow.close());
  const { port: at } = slow.address() as AddressInfo;
  await assert.rejects(nodeNetwork.request(`http://127.0.0.1:${at}/`, { timeoutMs: 50 }), /no answer from .*50 ms/);
  const cut = await nodeNetwork.request(`http://127.0.0.1:${at}/`, { timeoutMs: 5000, maxBytes: 5 });
  assert.equal(Buffer.from(cut.body).toString(), 'begun');
});

test('asks the port of a URL before the URL itself', async () => {
  await connectUrl(nodeNetwork, `http://127.0.0.1:${port}/x`, 1000);
  const asked: unknown[] = [];
  const host = { connectTcp: async (...args: unknown[]) => void asked.push(args) };
  await connectUrl(host, 'https://[::1]/livez', 7);
  await connectUrl(host, 'http://a.test/', 7);
  assert.deepEqual(asked, [
    ['::1', 443, 7],
    ['a.test', 80, 7],
  ]);
});
