import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { WebSocketConnection } from '../../../src/streaming/websocket/connection.ts';
import { acceptWebSocket } from '../../../src/streaming/websocket/handshake.ts';
import { socketWire } from '../../../src/streaming/wire.ts';
import { aSocketPair } from '../../fakes/socket-pair.ts';
import { until } from '../../fakes/until.ts';
import { webSocketHeaders } from '../../fakes/upgrade-requests.ts';
import { WebSocketClient } from '../../fakes/websocket-client.ts';

const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

async function aConnection(context: TestContext) {
  const { client: socket, server } = await aSocketPair(context);
  const client = new WebSocketClient(socket);
  const upgraded = { method: 'GET', headers: webSocketHeaders(), socket: server, head: new Uint8Array(0) };
  assert.equal(acceptWebSocket(upgraded, ['']), '');
  await until(() => client.head !== '');
  const connection = new WebSocketConnection(socketWire(server, new Uint8Array(0)));
  const messages: string[] = [];
  const over = (async () => {
    let text = '';
    for await (const { data, last } of connection.messages()) {
      text += data.toString();
      if (!last) continue;
      messages.push(text);
      text = '';
    }
  })();
  return { client, socket, connection, messages, over };
}

test('answers the handshake with the accept key of RFC 6455', async (context) => {
  const { client } = await aConnection(context);
  assert.match(client.head, /^HTTP\/1\.1 101 /);
  assert.match(client.head, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
});

test('reads the masked frames of RFC 6455, whole and in fragments', async (context) => {
  const { client, messages } = await aConnection(context);
  client.raw(Buffer.from('818537fa213d7f9f4d5158', 'hex'));
  client.send(opcode.text, 'Hel', false);
  client.send(opcode.ping, 'in between');
  client.send(opcode.continuation, 'lo');
  client.send(opcode.binary, '');
  await until(() => messages.length === 3);
  assert.deepEqual(messages, ['Hello', 'Hello', '']);
  assert.equal((await client.frame(opcode.pong)).toString(), 'in between');
});

test('sends messages of every size class', async (context) => {
  const { client, connection } = await aConnection(context);
  for (const size of [0, 125, 126, 0xffff, 0x10000]) await connection.send('binary', Buffer.alloc(size));
  await until(() => client.seen.length === 5);
  assert.deepEqual(
    client.seen.map(({ payload }) => payload.length),
    [0, 125, 126, 0xffff, 0x10000],
  );
});

test('answers a CLOSE and ends; what comes after it is not read', async (context) => {
  const { client, messages, over, socket } = await aConnection(context);
  client.send(opcode.close, Buffer.from([3, 232]));
  client.send(opcode.text, 'too late');
  await over;
  assert.deepEqual([...(await client.frame(opcode.close))], [3, 232]);
  assert.deepEqual(messages, []);
  await once(socket, 'end');
});

test('says CLOSE once, after what was sent', async (context) => {
  const { client, connection, over } = await aConnection(context);
  void connection.send('text', Buffer.from('last words'));
  connection.close();
  connection.close();
  client.send(opcode.close, Buffer.from([3, 232]));
  await over;
  assert.deepEqual(
    client.seen.map((message) => message.opcode),
    [opcode.text, opcode.close],
  );
  await assert.rejects(connection.send('text', Buffer.from('x')), /closed/);
});

const broken: readonly (readonly [string, (client: WebSocketClient) => void])[] = [
  ['a frame without a mask', (client) => client.raw(Buffer.from([0x81, 0x01, 0x78]))],
  ['a reserved bit', (client) => client.raw(Buffer.from([0xc1, 0x80, 0, 0, 0, 0]))],
  ['an unknown kind', (client) => client.send(5, 'x')],
  ['a ping in parts', (client) => client.send(opcode.ping, 'x', false)],
  ['a ping of 126 bytes', (client) => client.raw(Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]))],
  ['a continuation of nothing', (client) => client.send(opcode.continuation, 'x')],
  [
    'a message within a message',
    (client) => {
      client.send(opcode.text, 'x', false);
      client.send(opcode.text, 'y');
    },
  ],
  ['a length beyond all numbers', (client) => client.raw(Buffer.from('82ffffffffffffffffff00000000', 'hex'))],
];

for (const [what, send] of broken) {
  test(`${what} ends the connection with 1002`, async (context) => {
    const { client, over } = await aConnection(context);
    send(client);
    await over;
    assert.deepEqual([...(await client.frame(opcode.close))], [3, 234]);
  });
}

test('a request that is no WebSocket request, or of an unknown subprotocol, is refused in words', async (context) => {
  const cases = [
    [{ ...webSocketHeaders(), 'sec-websocket-version': '8' }, /^HTTP\/1\.1 400 .*sec-websocket-version: 13/is],
    [{ ...webSocketHeaders(), 'sec-websocket-key': '' }, /^HTTP\/1\.1 400 /],
    [webSocketHeaders('v9.channel.k8s.io, chat'), /^HTTP\/1\.1 403 .*v9\.channel\.k8s\.io, chat is not known/s],
  ] as const;
  for (const [headers, expected] of cases) {
    const { client, server } = await aSocketPair(context);
    const upgraded = { method: 'GET', headers, socket: server, head: new Uint8Array(0) };
    assert.equal(acceptWebSocket(upgraded, ['v5.channel.k8s.io']), undefined);
    assert.match((await client.toArray()).join(''), expected);
  }
});

test('Node’s own WebSocket client talks to it', async (context) => {
  const server = createServer();
  server.on('upgrade', (request, socket, head) => {
    const headers = request.headers as Record<string, string>;
    acceptWebSocket({ method: 'GET', headers, socket, head }, ['echo']);
    const connection = new WebSocketConnection(socketWire(socket, head));
    void (async () => {
      for await (const { data } of connection.messages()) await connection.send('text', data);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = new WebSocket(`ws://127.0.0.1:${port}/`, ['unknown', 'echo']);
  await new Promise((resolve) => client.addEventListener('open', resolve, { once: true }));
  client.send('hello');
  const { data } = await new Promise<{ data: unknown }>((resolve) =>
    client.addEventListener('message', (event) => resolve(event as { data: unknown }), { once: true }),
  );
  assert.equal(data, 'hello');
  assert.equal(client.protocol, 'echo');
  client.close(1000);
  const { code } = await new Promise<{ code: number }>((resolve) =>
    client.addEventListener('close', (event) => resolve(event as { code: number }), { once: true }),
  );
  assert.equal(code, 1000);
});
