import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { SpdySession } from '../../../src/streaming/spdy/session.ts';
import type { SpdyStream } from '../../../src/streaming/spdy/stream.ts';
import { socketWire } from '../../../src/streaming/wire.ts';
import { aSocketPair } from '../../fakes/socket-pair.ts';
import { SpdyClient } from '../../fakes/spdy-client.ts';
import { until } from '../../fakes/until.ts';

const windowUpdate = 9;
const settings = 4;

async function twoStreams(context: TestContext) {
  const { client: socket, server } = await aSocketPair(context);
  const streams: SpdyStream[] = [];
  const session = new SpdySession(socketWire(server, new Uint8Array(0)), {
    accept: () => true,
    opened: (stream) => void streams.push(stream),
    moved: () => {},
  });
  void session.run();
  const client = new SpdyClient(socket);
  await client.open(1, {});
  await client.open(3, {});
  await until(() => streams.length === 2);
  const [first, second] = streams as [SpdyStream, SpdyStream];
  return { client, socket, server, first, second };
}

test('sends as much as is taken to a client that never speaks of windows, as Kubernetes’ own', async (context) => {
  const { client, first } = await twoStreams(context);
  first.end(Buffer.alloc(1_000_000));
  await until(() => client.hasEnded(1));
  assert.equal(client.text(1).length, 1_000_000);
});

test('keeps to the windows of a client that has them, of the stream and of the connection', async (context) => {
  const { client, first, second } = await twoStreams(context);
  client.pair(windowUpdate, 1, 1000);
  client.control(6, Buffer.from([0, 0, 0, 1]));
  await client.frame(6);
  first.end(Buffer.alloc(100_000));
  // The connection's window is the smaller one: 64 KiB.
  await until(() => client.text(1).length === 65_536);
  client.pair(windowUpdate, 0, 500);
  await until(() => client.text(1).length === 66_036);
  client.pair(windowUpdate, 0, 1_000_000);
  // Now the stream's: 64 KiB and 1000.
  await until(() => client.text(1).length === 66_536);
  second.end('another stream goes on');
  await until(() => client.hasEnded(3));
  client.pair(windowUpdate, 1, 100_000);
  await until(() => client.hasEnded(1));
});

test('an initial window in SETTINGS counts for open streams too', async (context) => {
  const { client, first } = await twoStreams(context);
  client.control(settings, Buffer.from([0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 10]));
  client.control(6, Buffer.from([0, 0, 0, 1]));
  await client.frame(6);
  first.write(Buffer.alloc(20));
  await until(() => client.text(1).length === 10);
  client.pair(windowUpdate, 1, 10);
  await until(() => client.text(1).length === 20);
});

test('a stream that waits for its window ends at once when the client resets it', async (context) => {
  const { client, first } = await twoStreams(context);
  client.pair(windowUpdate, 1, 1);
  first.write(Buffer.alloc(200_000));
  await until(() => client.text(1).length >= 65_536);
  client.pair(3, 1, 5);
  await until(() => first.destroyed);
});

test('tells the client what was read, and only that', async (context) => {
  const { client, first } = await twoStreams(context);
  client.data(1, Buffer.alloc(200_000));
  client.control(6, Buffer.from([0, 0, 0, 1]));
  await client.frame(6);
  const said = () =>
    client.seen.frames
      .filter(({ type, payload }) => type === windowUpdate && payload.readUInt32BE(0) === 1)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(4), 0);
  assert.ok(said() < 100_000, 'what nobody read is not said');
  first.resume();
  await until(() => said() > 150_000);
});

test('holds about a megabyte of what nobody reads, and goes on when it is read', async (context) => {
  const { socket, server, client, first, second } = await twoStreams(context);
  const piece = Buffer.alloc(64 * 1024);
  for (let sent = 0; sent < 512; sent++) client.data(1, piece);
  client.data(3, 'behind it');
  // The socket stands still with more than half of it unread.
  await until(() => server.bytesRead > 1_000_000);
  const before = server.bytesRead;
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(server.bytesRead < 4_000_000, `${server.bytesRead} bytes were read`);
  assert.ok(server.bytesRead - before < 3_000_000);
  assert.ok(socket.writableLength > 16_000_000);
  first.resume();
  const [said] = (await second.take(1).toArray()) as [Buffer];
  assert.equal(said.toString(), 'behind it');
});

test('one data frame of 16 MB is handed on in pieces', async (context) => {
  const { client, first } = await twoStreams(context);
  client.data(1, Buffer.alloc(0xffffff), true);
  let [size, largest] = [0, 0];
  for await (const piece of first as AsyncIterable<Buffer>) {
    size += piece.length;
    largest = Math.max(largest, piece.length);
  }
  assert.equal(size, 0xffffff);
  assert.ok(largest <= 64 * 1024);
});
