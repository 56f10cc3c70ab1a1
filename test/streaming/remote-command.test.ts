import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import type { CommandIo, TerminalSize } from '../../src/base/command-io.ts';
import { OperationError } from '../../src/base/errors.ts';
import { writeAll } from '../../src/base/write-all.ts';
import { serveRemoteCommand } from '../../src/streaming/remote-command.ts';
import type { StreamingDoors } from '../../src/streaming/upgraded.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { aSocketPair } from '../fakes/socket-pair.ts';
import { SpdyClient } from '../fakes/spdy-client.ts';
import { until } from '../fakes/until.ts';
import { spdyHeaders, webSocketHeaders } from '../fakes/upgrade-requests.ts';
import { WebSocketClient } from '../fakes/websocket-client.ts';
import { recordedExec } from './recorded-frames.ts';

const everything = { stdin: true, stdout: true, stderr: true, tty: false };

type Options = {
  readonly headers: Readonly<Record<string, string>>;
  readonly wanted?: Partial<typeof everything>;
  readonly run?: (io: CommandIo) => Promise<number>;
  readonly clock?: Clock;
  readonly doors?: Partial<StreamingDoors>;
};

/** Takes the server's answer off, and gives what comes after it to a client. */
async function served(context: TestContext, options: Options) {
  const { client: socket, server } = await aSocketPair(context);
  const isWebSocket = options.headers.upgrade === 'websocket';
  const upgraded = {
    method: isWebSocket ? 'GET' : 'POST',
    headers: options.headers,
    socket: server,
    head: new Uint8Array(0),
  };
  const doors = { clock: options.clock ?? systemClock, ...options.doors };
  const over = serveRemoteCommand(upgraded, { ...everything, ...options.wanted }, options.run ?? echo, doors);
  return { socket, server, over };
}

/** Says back what it hears; ends with exit code 0 when its input does. */
async function echo({ stdin, stdout }: CommandIo): Promise<number> {
  for await (const data of stdin ?? []) stdout?.write(data);
  return 0;
}

async function answered(socket: import('node:net').Socket): Promise<string> {
  await once(socket, 'readable');
  return String(socket.read());
}

const success = '{"metadata":{},"status":"Success"}';

test('serves the recorded exec of a real client: its input comes back, and how it ended', async (context) => {
  const run = async (io: CommandIo) => (await echo(io)) + 2;
  const { socket, over } = await served(context, {
    headers: spdyHeaders('v5.channel.k8s.io', 'v4.channel.k8s.io'),
    run,
  });
  assert.match(
    await answered(socket),
    /^HTTP\/1\.1 101 .*upgrade: SPDY\/3\.1.*x-stream-protocol-version: v4\.channel/is,
  );
  const client = new SpdyClient(socket);
  client.raw(recordedExec);
  await client.frame(7);
  assert.equal(client.text(5), 'hi\n');
  assert.deepEqual(JSON.parse(client.text(1)), {
    metadata: {},
    status: 'Failure',
    message: 'command terminated with non-zero exit code: 2',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '2' }] },
  });
  assert.deepEqual(
    [1, 5, 7].map((id) => client.hasEnded(id)),
    [true, true, true],
  );
  socket.end();
  await over;
});

test('serves a WebSocket of v5: CLOSE ends the input, 1000 the connection', async (context) => {
  const { socket, over } = await served(context, { headers: webSocketHeaders('v5.channel.k8s.io') });
  const client = new WebSocketClient(socket);
  client.channel(0, 'hel');
  client.channel(0, 'lo');
  client.channel(9, 'nobody listens');
  client.send(2, Buffer.from([255, 0]));
  assert.deepEqual([...(await client.frame(8))], [3, 232]);
  assert.equal(client.text(1), 'hello');
  assert.equal(client.text(3), success);
  // First of all an empty message, by which clients know that the connection stands.
  assert.deepEqual(client.seen[0], { opcode: 2, payload: Buffer.from([1]) });
  client.send(8, Buffer.from([3, 232]));
  socket.end();
  await over;
});

test('serves base64 channels as text', async (context) => {
  const run = async ({ stdin, stdout }: CommandIo) => {
    const [first] = (await stdin?.take(1).toArray()) ?? [];
    stdout?.write(first);
    return 0;
  };
  const { socket } = await served(context, { headers: webSocketHeaders('v4.base64.channel.k8s.io'), run });
  const client = new WebSocketClient(socket);
  client.send(1, `0${Buffer.from('hello').toString('base64')}`);
  await client.frame(8);
  const texts = client.seen.filter(({ opcode }) => opcode === 1).map(({ payload }) => payload.toString());
  assert.deepEqual(texts, ['1', `1${btoa('hello')}`, `3${btoa(success)}`]);
});

test('versions before 4 get only the text of a failure', async (context) => {
  for (const [code, expected] of [
    [3, 'command terminated with non-zero exit code: 3'],
    [0, ''],
  ] as const) {
    const run = async () => code;
    const { socket } = await served(context, { headers: webSocketHeaders('channel.k8s.io'), run });
    const client = new WebSocketClient(socket);
    await client.frame(8);
    assert.equal(client.text(3), expected);
  }
});

test('why a command cannot be run reaches the client as an InternalError', async (context) => {
  const run = () => Promise.reject(new OperationError('container app is not running'));
  const { socket } = await served(context, { headers: webSocketHeaders('v5.channel.k8s.io'), run });
  const client = new WebSocketClient(socket);
  await client.frame(8);
  const status = JSON.parse(client.text(3)) as Record<string, unknown>;
  assert.equal(status.message, 'Internal error occurred: container app is not running');
  assert.equal(status.reason, 'InternalError');
  assert.equal(status.code, 500);
});

test('a terminal has no stderr and follows the newest size', async (context) => {
  const sizes: TerminalSize[] = [];
  const run = async (io: CommandIo) => {
    assert.equal(io.stderr, undefined);
    for await (const size of io.sizes) {
      sizes.push(size);
      if (sizes.length === 2) break;
    }
    return 0;
  };
  const { socket } = await served(context, {
    headers: webSocketHeaders('v5.channel.k8s.io'),
    wanted: { tty: true },
    run,
  });
  const client = new WebSocketClient(socket);
  client.channel(4, '{"Width":80,"Height":24}');
  await until(() => sizes.length === 1);
  client.channel(4, '{"Width":0,"Height":24}\n{"Width":"x"}\nno json}');
  client.channel(4, '{"Width":90,"Hei');
  client.channel(4, 'ght":25}\n{"Width":100,"Height":30}\n');
  await client.frame(8);
  assert.deepEqual(sizes, [
    { width: 80, height: 24 },
    { width: 100, height: 30 },
  ]);
});

for (const [name, headers] of [
  ['SPDY', spdyHeaders('v4.channel.k8s.io')],
  ['WebSocket', webSocketHeaders('v5.channel.k8s.io')],
] as const) {
  test(`a client that breaks off over ${name} is noticed by the command at once`, async (context) => {
    const begun = Promise.withResolvers<CommandIo>();
    const run = async (io: CommandIo) => {
      begun.resolve(io);
      await once(io.signal, 'abort');
      return 0;
    };
    const { socket, over } = await served(context, { headers, run });
    if (name === 'SPDY') socket.write(recordedExec);
    const { signal, stdin, stdout } = await begun.promise;
    socket.resetAndDestroy();
    await over;
    assert.equal(signal.aborted, true);
    assert.equal(stdin?.destroyed, true);
    stdout?.write('nobody hears this');
  });

  test(`what is not taken over ${name} holds the command up instead of filling memory`, async (context) => {
    let written = 0;
    const run = async ({ stdout, signal }: CommandIo) => {
      while (!signal.aborted) {
        written += 65_536;
        await writeAll(stdout, Buffer.alloc(65_536));
      }
      return 0;
    };
    const { socket, server, over } = await served(context, { headers, run });
    if (name === 'SPDY') socket.write(recordedExec);
    socket.pause();
    await until(() => written > 0 && server.writableLength > 0);
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    const standing = written;
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(written, standing);
    assert.ok(server.writableLength < 1_000_000, `${server.writableLength} bytes wait`);
    socket.destroy();
    await over;
  });

  test(`a connection over ${name} on which nothing moves is ended after the idle time, with pings until then`, async (context) => {
    const clock = new FakeClock();
    const run = async ({ signal }: CommandIo) => (await once(signal, 'abort')) && 0;
    const { socket, over } = await served(context, { headers, run, clock, doors: { idleMs: 60_000 } });
    const client = name === 'SPDY' ? new SpdyClient(socket) : new WebSocketClient(socket);
    if (client instanceof SpdyClient) await answered(socket).then(() => client.raw(recordedExec));
    await clock.advance(10_000);
    if (client instanceof WebSocketClient) await client.frame(9);
    await clock.advance(60_000);
    // A client that does not close after our goodbye is not waited for.
    await clock.advance(10_000);
    await over;
  });
}

test('streams that are not opened in time end the connection', async (context) => {
  const clock = new FakeClock();
  const run = () => assert.fail('nothing may run');
  const { socket, over } = await served(context, { headers: spdyHeaders('v4.channel.k8s.io'), run, clock });
  await answered(socket);
  const client = new SpdyClient(socket);
  await client.open(1, { streamtype: 'error' });
  await client.frame(2);
  await clock.advance(30_000);
  await client.frame(7);
  await clock.advance(5000);
  await over;
});

test('refuses what it cannot serve, in words and with the status that clients look at', async (context) => {
  const cases = [
    [spdyHeaders('v9.channel.k8s.io'), {}, /^HTTP\/1\.1 403 .*x-accepted-stream-protocol-versions: v4\.channel/is],
    [{ connection: 'Upgrade', upgrade: 'SPDY/3.1' }, {}, /^HTTP\/1\.1 400 .*X-Stream-Protocol-Version/s],
    [{ connection: 'Upgrade', upgrade: 'h2c' }, {}, /^HTTP\/1\.1 400 .*SPDY\/3\.1/s],
    [spdyHeaders('v4.channel.k8s.io'), { stdin: false, stdout: false, stderr: false }, /^HTTP\/1\.1 400 .*at least 1/s],
  ] as const;
  for (const [headers, wanted, expected] of cases) {
    const { socket, over } = await served(context, { headers, wanted });
    await over;
    assert.match((await socket.toArray()).join(''), expected);
  }
});
