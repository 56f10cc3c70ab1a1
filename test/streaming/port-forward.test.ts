import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import { servePortForward } from '../../src/streaming/port-forward.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { aSocketPair } from '../fakes/socket-pair.ts';
import { SpdyClient } from '../fakes/spdy-client.ts';
import { until } from '../fakes/until.ts';
import { spdyHeaders, webSocketHeaders } from '../fakes/upgrade-requests.ts';
import { WebSocketClient } from '../fakes/websocket-client.ts';

type Handler = (socket: Socket) => void;

/** A program in the pod. */
async function aProgram(context: TestContext, handler: Handler): Promise<() => Promise<Duplex>> {
  const server = createServer({ allowHalfOpen: true }, (socket) => handler(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return async () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  };
}

const shout: Handler = async (socket) => socket.end((await socket.toArray()).join('').toUpperCase());

async function served(
  context: TestContext,
  connectTo: (port: number) => Promise<Duplex>,
  options: { headers?: Readonly<Record<string, string>>; ports?: readonly number[]; clock?: FakeClock } = {},
) {
  const { headers = spdyHeaders('portforward.k8s.io'), ports = [], clock = systemClock } = options;
  const { client: socket, server } = await aSocketPair(context);
  const method = headers.upgrade === 'websocket' ? 'GET' : 'POST';
  const upgraded = { method, headers, socket: server, head: new Uint8Array(0) };
  const over = servePortForward(upgraded, ports, connectTo, { clock });
  return { socket, over };
}

/** A client whose answer has been taken off. */
async function spdyServed(context: TestContext, connectTo: (port: number) => Promise<Duplex>, clock?: FakeClock) {
  const { socket, over } = await served(context, connectTo, clock === undefined ? {} : { clock });
  await once(socket, 'readable');
  socket.read();
  const client = new SpdyClient(socket);
  const pair = async (first: number, headers: Readonly<Record<string, string>> = {}) => {
    const both = { port: '80', requestid: String(first), ...headers };
    await client.open(first, { streamtype: 'error', ...both });
    await client.open(first + 2, { streamtype: 'data', ...both });
  };
  return { client, socket, over, pair };
}

test('each pair of streams is a connection of its own, and each side ends on its own', async (context) => {
  const { client, pair, socket, over } = await spdyServed(context, await aProgram(context, shout));
  await pair(1);
  await pair(5);
  client.data(3, 'first', true);
  client.data(7, 'second', true);
  await until(() => [1, 3, 5, 7].every((id) => client.hasEnded(id)));
  assert.deepEqual([client.text(3), client.text(7)], ['FIRST', 'SECOND']);
  assert.deepEqual([client.text(1), client.text(5)], ['', '']);
  socket.end();
  await over;
});

test('the port is told to whoever connects, and why there is no connection to the client', async (context) => {
  const ports: number[] = [];
  const { client, pair } = await spdyServed(context, async (port) => {
    ports.push(port);
    throw new Error('connect ECONNREFUSED');
  });
  await pair(1, { port: '8080' });
  await until(() => client.hasEnded(1));
  assert.equal(client.text(1), 'error forwarding port 8080: connect ECONNREFUSED');
  assert.deepEqual(ports, [8080]);
  // The data stream is reset; the next connection is another matter.
  await client.frame(3, (payload) => payload.readUInt32BE(0) === 3);
});

test('old clients without requestID have their streams paired by number', async (context) => {
  const { client, pair } = await spdyServed(context, await aProgram(context, shout));
  await pair(1, { requestid: '' });
  client.data(3, 'old', true);
  await until(() => client.text(3) === 'OLD');
});

test('a client that resets its data stream closes the connection, one that leaves closes all', async (context) => {
  const sockets: Socket[] = [];
  const { client, pair, socket, over } = await spdyServed(
    context,
    await aProgram(context, (one) => void sockets.push(one.resume())),
  );
  await pair(1);
  await pair(5);
  await until(() => sockets.length === 2);
  client.pair(3, 3, 5);
  await until(() => sockets.some(({ readableEnded, destroyed }) => readableEnded || destroyed));
  await until(() => client.hasEnded(1));
  assert.equal(client.hasEnded(5), false);
  socket.resetAndDestroy();
  await over;
  await until(() => sockets.every(({ readableEnded, destroyed }) => readableEnded || destroyed));
});

test('a program that breaks off resets the data stream and says no error', async (context) => {
  const { client, pair } = await spdyServed(
    context,
    await aProgram(context, (one) => void one.once('data', () => one.resetAndDestroy())),
  );
  await pair(1);
  client.data(3, 'x');
  await client.frame(3, (payload) => payload.readUInt32BE(0) === 3);
  await until(() => client.hasEnded(1));
  assert.equal(client.text(1), '');
});

test('a program that answers and closes before it heard everything is heard to its end', async (context) => {
  const answer = 'x'.repeat(300_000);
  const { client, pair } = await spdyServed(context, await aProgram(context, (one) => void one.resume().end(answer)));
  await pair(1);
  await until(() => client.hasEnded(3));
  assert.equal(client.text(3).length, answer.length);
});

test('half a pair is ended after the time for its other half', async (context) => {
  const clock = new FakeClock();
  const { client } = await spdyServed(context, () => assert.fail('nobody connects'), clock);
  await client.open(1, { streamtype: 'error', port: '80', requestid: '1' });
  await client.open(3, { streamtype: 'data', port: '80', requestid: '2' });
  await until(() => client.seen.frames.length === 2);
  await clock.advance(30_000);
  await until(() => client.hasEnded(1));
  assert.equal(client.text(1), 'timed out waiting for the data stream');
  await client.frame(3, (payload) => payload.readUInt32BE(0) === 3);
});

test('streams without a port, or of another type, are refused', async (context) => {
  const { client } = await spdyServed(context, () => assert.fail('nobody connects'));
  const wrong = [{ streamtype: 'data' }, { streamtype: 'data', port: '0' }, { streamtype: 'data', port: '65536' }];
  for (const [index, headers] of [...wrong, { streamtype: 'stdin', port: '80' }].entries()) {
    await client.open(1 + 2 * index, headers);
    assert.equal((await client.frame(3, (payload) => payload.readUInt32BE(0) === 1 + 2 * index)).readUInt32BE(4), 3);
  }
});

test('SPDY goes through a WebSocket, cut at any byte', async (context) => {
  const headers = webSocketHeaders('SPDY/3.1+portforward.k8s.io');
  const { socket, over } = await served(context, await aProgram(context, shout), { headers });
  const webSocket = new WebSocketClient(socket);
  await until(() => webSocket.head !== '');
  assert.match(webSocket.head, /sec-websocket-protocol: SPDY\/3\.1\+portforward\.k8s\.io/i);
  const tunnel = {
    on() {},
    write: (bytes: Buffer) => bytes.forEach((byte) => void webSocket.send(2, [byte] as never)),
  };
  const client = new SpdyClient(tunnel as never);
  await client.open(1, { streamtype: 'error', port: '80', requestid: '0' });
  await client.open(3, { streamtype: 'data', port: '80', requestid: '0' });
  client.data(3, 'through', true);
  const received = () => Buffer.concat(webSocket.seen.map(({ payload }) => payload)).toString('latin1');
  await until(() => received().includes('THROUGH'));
  webSocket.send(8, Buffer.from([3, 232]));
  await webSocket.frame(8);
  socket.end();
  await over;
});

test('old WebSocket clients name their ports and get two channels for each, which begin with the port', async (context) => {
  const headers = webSocketHeaders('v4.channel.k8s.io');
  const program = await aProgram(context, (one) => void one.once('data', (data) => one.end(`got ${data}`)));
  const connectTo = (port: number) => (port === 81 ? Promise.reject(new Error('refused')) : program());
  const { socket } = await served(context, connectTo, { headers, ports: [80, 81] });
  const client = new WebSocketClient(socket);
  client.channel(0, 'this');
  await client.frame(8);
  assert.equal(client.text(0), 'P\0got this');
  assert.equal(client.text(1), 'P\0');
  assert.equal(client.text(3), 'Q\0error forwarding port 81: refused');
});

test('an old WebSocket client without ports is refused', async (context) => {
  const { socket, over } = await served(context, () => assert.fail('nobody connects'), {
    headers: webSocketHeaders('v4.channel.k8s.io'),
  });
  await over;
  assert.match((await socket.toArray()).join(''), /^HTTP\/1\.1 400 .*"ports" is required/s);
});
