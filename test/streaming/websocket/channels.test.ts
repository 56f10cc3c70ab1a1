import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Channels } from '../../../src/streaming/websocket/channels.ts';
import { WebSocketConnection } from '../../../src/streaming/websocket/connection.ts';
import { socketWire } from '../../../src/streaming/wire.ts';
import { aSocketPair } from '../../fakes/socket-pair.ts';
import { until } from '../../fakes/until.ts';
import { WebSocketClient } from '../../fakes/websocket-client.ts';

async function someChannels(context: TestContext, change: { codec?: 'binary' | 'base64'; hasClose?: boolean } = {}) {
  const { client: socket, server } = await aSocketPair(context);
  const client = new WebSocketClient(socket);
  client.head = 'taken off';
  const channels = new Channels(new WebSocketConnection(socketWire(server, new Uint8Array(0))), {
    readable: [0, 4],
    codec: 'binary',
    hasClose: true,
    moved: () => {},
    ...change,
  });
  return { client, channels, server, socket, over: channels.run() };
}

test('a message in fragments, and a CLOSE in fragments, are those of one channel', async (context) => {
  const { client, channels } = await someChannels(context);
  client.send(2, Buffer.from('\0hel'), false);
  client.send(0, 'lo', false);
  client.send(0, ' there');
  client.send(2, Buffer.from([255]), false);
  client.send(0, Buffer.from([0]));
  assert.equal((await channels.readable(0).toArray()).join(''), 'hello there');
  client.channel(4, 'others go on');
  assert.equal(String((await channels.readable(4).take(1).toArray())[0]), 'others go on');
});

test('before v5, 255 is a channel like others that nobody reads', async (context) => {
  const { client, channels } = await someChannels(context, { hasClose: false });
  client.send(2, Buffer.from([255, 0]));
  client.send(2, '');
  client.channel(0, 'still open');
  assert.equal(String((await channels.readable(0).take(1).toArray())[0]), 'still open');
});

test('base64 may be cut anywhere', async (context) => {
  const { client, channels } = await someChannels(context, { codec: 'base64' });
  const text = btoa('hello there');
  client.send(1, `0${text.slice(0, 5)}`, false);
  client.send(0, text.slice(5));
  const read = channels.readable(0);
  let said = '';
  read.on('data', (data: Buffer) => {
    said += data.toString();
  });
  await until(() => said === 'hello there');
});

test('holds about a megabyte of what nobody reads, and lets go when the client is gone', async (context) => {
  const { client, channels, server, socket, over } = await someChannels(context);
  const piece = Buffer.alloc(256 * 1024);
  for (let sent = 0; sent < 64; sent++) client.channel(0, piece);
  await until(() => server.bytesRead > 1_000_000);
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(server.bytesRead < 4_000_000, `${server.bytesRead} bytes were read`);
  socket.destroy();
  // Nothing is read, so nothing tells that the client is gone before something is written.
  channels.ping();
  await until(() => {
    channels.ping();
    return server.closed;
  });
  await over;
  assert.equal(channels.readable(0).destroyed, true);
});

test('one message larger than all buffers is read as it comes', async (context) => {
  const { client, channels } = await someChannels(context);
  client.channel(0, Buffer.alloc(8_000_000));
  client.send(2, Buffer.from([255, 0]));
  let size = 0;
  for await (const data of channels.readable(0) as AsyncIterable<Buffer>) size += data.length;
  assert.equal(size, 8_000_000);
});
