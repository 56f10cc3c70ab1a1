import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { SpdySession } from '../../../src/streaming/spdy/session.ts';
import type { SpdyStream } from '../../../src/streaming/spdy/stream.ts';
import { socketWire } from '../../../src/streaming/wire.ts';
import { aSocketPair } from '../../fakes/socket-pair.ts';
import { SpdyClient } from '../../fakes/spdy-client.ts';
import { until } from '../../fakes/until.ts';

const type = { synReply: 2, rst: 3, settings: 4, ping: 6, goAway: 7, headers: 8, windowUpdate: 9 };

/** A session that accepts streams unless they are of type `no`. */
async function aSession(context: TestContext) {
  const { client: socket, server } = await aSocketPair(context);
  const streams = new Map<number, SpdyStream>();
  const session = new SpdySession(socketWire(server, new Uint8Array(0)), {
    accept: (headers) => headers.get('streamtype') !== 'no',
    opened: (stream) => streams.set(stream.streamId, stream),
    moved: () => {},
  });
  const over = session.run();
  const client = new SpdyClient(socket);
  /** Opens a stream and gives the server's side of it. */
  const open = async (streamId: number) => {
    await client.open(streamId, { streamtype: 'data' });
    await until(() => streams.has(streamId));
    return streams.get(streamId) as SpdyStream;
  };
  return { client, socket, server, session, over, open, streams };
}

test('a stream carries data both ways, and each side ends on its own', async (context) => {
  const { client, open } = await aSession(context);
  const stream = await open(1);
  client.data(1, 'to the server', true);
  assert.equal((await stream.toArray()).join(''), 'to the server');
  stream.write('after their end');
  stream.end();
  await until(() => client.hasEnded(1));
  assert.equal(client.text(1), 'after their end');
  await until(() => stream.closed);
  assert.equal(
    client.seen.frames.some((frame) => frame.type === type.rst),
    false,
  );
});

test('the reply to a new stream comes before any data of it', async (context) => {
  const { client, open } = await aSession(context);
  (await open(1)).write('x');
  const reply = await client.frame(type.synReply);
  assert.equal(reply.readUInt32BE(0), 1);
});

test('a stream that is not accepted is refused, and the next header block is still understood', async (context) => {
  const { client, open, streams } = await aSession(context);
  await client.open(1, { streamtype: 'no' });
  assert.deepEqual([...(await client.frame(type.rst))], [0, 0, 0, 1, 0, 0, 0, 3]);
  await open(3);
  assert.deepEqual([...streams.keys()], [3]);
});

test('a stream that we give up is reset, one that the client resets is over', async (context) => {
  const { client, open } = await aSession(context);
  (await open(1)).destroy();
  assert.deepEqual([...(await client.frame(type.rst))], [0, 0, 0, 1, 0, 0, 0, 5]);
  const stream = await open(3);
  client.pair(type.rst, 3, 5);
  await once(stream, 'close');
  client.data(3, 'on its way when we reset it');
  client.control(type.ping, Buffer.from([0, 0, 0, 9]));
  await client.frame(type.ping);
});

test('answers pings of the client and not the answers to its own', async (context) => {
  const { client, session } = await aSession(context);
  session.ping();
  assert.equal((await client.frame(type.ping)).readUInt32BE(0), 2);
  client.control(type.ping, Buffer.from([0, 0, 0, 2]));
  client.control(type.ping, Buffer.from([0, 0, 0, 1]));
  await client.frame(type.ping, (payload) => payload.readUInt32BE(0) === 1);
  assert.equal(client.seen.frames.length, 2);
});

test('data for a stream that never was is answered by a reset of that stream alone', async (context) => {
  const { client, open } = await aSession(context);
  client.data(7, 'lost');
  assert.deepEqual([...(await client.frame(type.rst))], [0, 0, 0, 7, 0, 0, 0, 2]);
  await open(9);
});

test('HEADERS, GOAWAY and unknown frames leave the streams alone', async (context) => {
  const { client, open } = await aSession(context);
  const stream = await open(1);
  client.pair(type.goAway, 0, 0);
  client.control(77, Buffer.from('?'));
  client.data(1, 'still here', true);
  assert.equal((await stream.toArray()).join(''), 'still here');
});

test('says goodbye after what was written, and reads on until the client closes', async (context) => {
  const { client, session, open, socket, over } = await aSession(context);
  const stream = await open(1);
  stream.write('last words');
  stream.end();
  await once(stream, 'finish');
  session.close();
  await client.frame(type.goAway);
  assert.equal(client.text(1), 'last words');
  client.data(1, 'too late');
  socket.end();
  await over;
  assert.equal(stream.closed || stream.destroyed, true);
});

test('a client that is gone ends all streams, without an error that nobody hears', async (context) => {
  const { open, socket, over } = await aSession(context);
  const stream = await open(1);
  stream.write('into the void');
  socket.resetAndDestroy();
  await over;
  assert.equal(stream.destroyed, true);
});

const broken: readonly (readonly [string, (client: SpdyClient) => unknown])[] = [
  ['another version', (client) => client.raw(Buffer.from('8002000600000004', 'hex'))],
  ['a PING of the wrong size', (client) => client.control(type.ping, Buffer.alloc(5))],
  ['a control frame of 1 MB', (client) => client.raw(Buffer.from('8003000600100000', 'hex'))],
  ['a SYN_STREAM without an end', (client) => client.control(1, Buffer.alloc(4))],
  ['a header block that is none', (client) => client.control(1, Buffer.from('000000010000000000007878787878', 'hex'))],
  ['SETTINGS that say more than they hold', (client) => client.control(type.settings, Buffer.from([0, 0, 0, 9]))],
  ['a stream of a number that is the server’s', (client) => client.open(2, {})],
  ['a window larger than any', (client) => client.pair(type.windowUpdate, 0, 0x7fffffff)],
];

for (const [what, send] of broken) {
  test(`${what} ends the connection with a GOAWAY that says so`, async (context) => {
    const { client, over, session, socket } = await aSession(context);
    await send(client);
    const goodbye = await client.frame(type.goAway);
    assert.equal(goodbye.readUInt32BE(4), 1);
    await over;
    session.close();
    await once(socket, 'end');
  });
}
