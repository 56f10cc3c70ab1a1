import assert from 'node:assert/strict';
import * as http2 from 'node:http2';
import * as net from 'node:net';
import type { TestContext } from 'node:test';
import test from 'node:test';
import { grpcProbe } from '../../../src/agent/probes/grpc-probe.ts';
import { nodeHost } from '../../../src/host/node-host.ts';

type Handler = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

async function serving(t: TestContext, handler: Handler): Promise<number> {
  const server = http2.createServer();
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', handler);
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return listening(server);
}

async function listening(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as net.AddressInfo).port;
}

/** An answer as gRPC servers give it: one message and the status in the trailers. */
function answer(stream: http2.ServerHttp2Stream, message: Uint8Array, status = 0, details = ''): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(status), 'grpc-message': details }));
  stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
}

const probe = (port: number, service?: string, timeoutMs = 5000) =>
  grpcProbe(nodeHost, service === undefined ? { port } : { port, service }, '127.0.0.1', timeoutMs);

test('a server that is SERVING is a success, asked as the kubelet asks', async (t) => {
  const asked: http2.IncomingHttpHeaders[] = [];
  const bodies: Buffer[] = [];
  const port = await serving(t, (stream, headers) => {
    asked.push(headers);
    stream.on('data', (chunk: Buffer) => bodies.push(chunk));
    stream.on('end', () => answer(stream, Buffer.from([0x08, 1])));
  });
  assert.deepEqual(await probe(port, 'db'), { result: 'success', message: '' });
  const [headers] = asked;
  assert.equal(headers?.[':method'], 'POST');
  assert.equal(headers?.[':path'], '/grpc.health.v1.Health/Check');
  assert.equal(headers?.['content-type'], 'application/grpc');
  assert.equal(headers?.te, 'trailers');
  assert.match(String(headers?.['user-agent']), /^kube-probe\/1\.\d+$/);
  assert.equal(headers?.['grpc-timeout'], '5000m');
  assert.deepEqual(Buffer.concat(bodies), Buffer.from([0, 0, 0, 0, 4, 0x0a, 2, 0x64, 0x62]));
});

test('any other health is a failure that names it', async (t) => {
  for (const [code, name] of [
    [0, 'UNKNOWN'],
    [2, 'NOT_SERVING'],
    [3, 'SERVICE_UNKNOWN'],
  ] as const) {
    const port = await serving(t, (stream) => answer(stream, Buffer.from([0x08, code])));
    assert.deepEqual(await probe(port), { result: 'failure', message: `service unhealthy (responded with "${name}")` });
  }
});

test('a message with fields that we do not know is read all the same', async (t) => {
  const message = Buffer.from([0x12, 2, 0x61, 0x62, 0x1d, 1, 2, 3, 4, 0x08, 1]);
  const port = await serving(t, (stream) => answer(stream, message));
  assert.equal((await probe(port)).result, 'success');
});

test('a server that does not know the method says so in its headers alone', async (t) => {
  const port = await serving(t, (stream) => {
    stream.respond(
      { ':status': 200, 'grpc-status': '12', 'grpc-message': 'unknown service a%20b' },
      { endStream: true },
    );
  });
  const { result, message } = await probe(port);
  assert.equal(result, 'failure');
  assert.match(
    message,
    /does not implement the grpc health protocol \(grpc\.health\.v1\.Health\): unknown service a b/,
  );
});

test('a status of its own is a failure with its text', async (t) => {
  const port = await serving(t, (stream) => answer(stream, Buffer.alloc(0), 5, 'unknown service'));
  assert.match((await probe(port)).message, /code = 5 desc = unknown service/);
});

test('a web server without gRPC is one that does not implement it', async (t) => {
  const port = await serving(t, (stream) => stream.respond({ ':status': 404 }, { endStream: true }));
  assert.match((await probe(port)).message, /does not implement.*unexpected HTTP status 404/);
});

test('no answer in time is a failure', async (t) => {
  const port = await serving(t, () => {});
  assert.deepEqual(await probe(port, undefined, 200), {
    result: 'failure',
    message: 'timeout: health rpc did not complete within 0.2s',
  });
});

test('a port where nobody listens, or where no HTTP/2 is spoken, cannot be connected to', async (t) => {
  const dead = net.createServer();
  const port = await listening(dead);
  await new Promise((resolve) => dead.close(resolve));
  assert.match((await probe(port)).message, /failed to connect service "127\.0\.0\.1:\d+" within 5s: .*ECONNREFUSED/);
  const other = net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  t.after(() => other.close());
  assert.match((await probe(await listening(other))).message, /failed to connect service/);
  const silent = net.createServer();
  t.after(() => silent.close());
  const sockets: net.Socket[] = [];
  silent.on('connection', (socket) => sockets.push(socket));
  assert.match((await probe(await listening(silent), undefined, 200)).message, /within 0\.2s/);
  for (const socket of sockets) socket.destroy();
});
