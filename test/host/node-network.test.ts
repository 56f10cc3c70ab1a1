import assert from 'node:assert/strict';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
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
