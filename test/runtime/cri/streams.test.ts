import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { systemClock } from '../../../src/base/clock.ts';
import type { CommandIo } from '../../../src/base/command-io.ts';
import { OperationError } from '../../../src/base/errors.ts';
import { connectLocally } from '../../../src/host/connect-local.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createCriRuntime } from '../../../src/runtime/cri/cri-runtime.ts';
import type { ContainerRuntime } from '../../../src/runtime/runtime.ts';
import { HeaderCodec } from '../../../src/streaming/spdy/header-codec.ts';
import { switchProtocols } from '../../../src/streaming/upgraded.ts';
import { aCommandClient } from '../../fakes/command-io.ts';
import { FakeCri } from '../../fakes/fake-cri.ts';
import { CriFailure } from '../../fakes/fake-cri-state.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { SpdyClient } from '../../fakes/spdy-client.ts';
import { StreamingServer } from '../../fakes/streaming-server.ts';
import { until } from '../../fakes/until.ts';

const everything = { stdin: true, stdout: true, stderr: true, tty: false };
const id = 'c0ffee';

describe('streams by a CRI runtime’s streaming server', () => {
  let cri: FakeCri;
  let server: StreamingServer;
  let runtime: ContainerRuntime;

  beforeEach(async () => {
    cri = await new FakeCri().start();
    server = await new StreamingServer().start();
    const { socketPath } = cri;
    runtime = createCriRuntime({
      host: nodeHost,
      clock: systemClock,
      log: recordingLog(),
      owner: 'root-1',
      socketPath,
    });
  });
  afterEach(async () => {
    await runtime.close();
    server.stop();
    await cri.stop();
  });

  const execAs = (run: (io: CommandIo) => Promise<number>, wanted = everything) =>
    cri.on('Exec', () => ({ url: server.command(wanted, run) }));

  it('a command has input, two outputs and an exit code', async () => {
    execAs(async ({ stdin, stdout, stderr }) => {
      stderr?.write('problem\n');
      for await (const data of stdin ?? []) stdout?.write(data);
      return 7;
    });
    const client = aCommandClient();
    const done = runtime.streams.exec(id, ['sh', '-c', 'x'], client.io);
    client.stdin.end('hello');
    assert.equal(await done, 7);
    assert.deepEqual(client.said, { stdout: 'hello', stderr: 'problem\n' });
    const [request] = cri.requestsOf('Exec');
    assert.deepEqual(request, { containerId: id, cmd: ['sh', '-c', 'x'], ...everything });
  });

  it('all of a large output comes to a client that is slower, and of a large input to the command', async () => {
    const large = 3_000_000;
    execAs(async ({ stdin, stdout }) => {
      let size = 0;
      for await (const data of stdin ?? []) size += data.length;
      stdout?.write(Buffer.alloc(large, 'x'));
      return size === large ? 0 : 1;
    });
    const client = aCommandClient();
    client.stdout.pause();
    const done = runtime.streams.exec(id, ['cat'], client.io);
    client.stdin.end(Buffer.alloc(large));
    await until(() => client.stdout.writableNeedDrain);
    client.stdout.resume();
    assert.equal(await done, 0);
    assert.equal(client.said.stdout.length, large);
  });

  it('a terminal has one output, and follows the client’s size', async () => {
    const tty = { ...everything, tty: true };
    execAs(async ({ stdout, stderr, sizes }) => {
      assert.equal(stderr, undefined);
      for await (const { width, height } of sizes) {
        stdout?.write(`${width}x${height}`);
        if (width === 101) break;
      }
      return 0;
    }, tty);
    const client = aCommandClient({ tty: true });
    const done = runtime.streams.exec(id, ['sh'], client.io);
    client.resize({ width: 80, height: 24 });
    client.resize({ width: 101, height: 33 });
    assert.equal(await done, 0);
    assert.match(client.said.stdout, /101x33$/);
    assert.deepEqual(cri.requestsOf('Exec')[0], { containerId: id, cmd: ['sh'], ...tty, stderr: false });
  });

  it('a command that cannot be run fails with the runtime’s words, whoever says them', async () => {
    execAs(async () => {
      throw new OperationError('no such program');
    });
    const { exec } = runtime.streams;
    await assert.rejects(exec(id, ['nope'], aCommandClient().io), /no such program/);
    cri.on('Exec', new CriFailure(5, 'container "c0ffee" not found'));
    await assert.rejects(exec(id, ['sh'], aCommandClient().io), /cannot run sh in container c0ffee: .*not found/);
    cri.on('Exec', { url: server.url('/other') });
    await assert.rejects(
      exec(id, ['sh'], aCommandClient().io),
      /streaming server at 127.0.0.1:\d+: it answered 404 no$/,
    );
    cri.on('Exec', { url: 'https://127.0.0.1:1/exec/secret' });
    await assert.rejects(exec(id, ['sh'], aCommandClient().io), (thrown: Error) => {
      assert.match(thrown.message, /https:\/\/127\.0\.0\.1:1 does not speak plain HTTP/);
      return !thrown.message.includes('secret');
    });
  });

  it('a connection that breaks is no exit code', async () => {
    execAs(async () => {
      server.cut();
      return 0;
    });
    await assert.rejects(runtime.streams.exec(id, ['sh'], aCommandClient().io));
  });

  it('what comes before a server’s RST_STREAM counts, as Kubernetes’ servers end their streams', async () => {
    const status = JSON.stringify({ status: 'Failure', reason: 'NonZeroExitCode', details: exitCause(9) });
    cri.on('Exec', () => ({
      url: server.raw(async (upgraded) => {
        switchProtocols(upgraded, { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' });
        const peer = new SpdyClient(upgraded.socket);
        await until(() => peer.seen.frames.filter(({ type }) => type === 1).length === 4);
        const codec = new HeaderCodec();
        const replies = [];
        for (const streamId of [1, 3, 5, 7]) {
          replies.push(control(2, streamId, await codec.encode(new Map())));
        }
        const data = [dataOf(5, 'last words'), dataOf(1, status)];
        const resets = [1, 3, 5, 7].map((streamId) => control(3, streamId, Buffer.from([0, 0, 0, 5])));
        upgraded.socket.end(Buffer.concat([...replies, ...data, ...resets]));
      }),
    }));
    const client = aCommandClient();
    assert.equal(await runtime.streams.exec(id, ['sh'], client.io), 9);
    assert.equal(client.said.stdout, 'last words');
  });

  it('a client that leaves ends its connection', async () => {
    const left = Promise.withResolvers<void>();
    execAs(async ({ signal, stdout }) => {
      signal.addEventListener('abort', () => left.resolve());
      stdout?.write('ready');
      await left.promise;
      return 0;
    });
    const client = aCommandClient();
    const done = runtime.streams.exec(id, ['sleep'], client.io);
    await until(() => client.said.stdout === 'ready');
    client.leave();
    await done;
    await left.promise;
  });

  it('attach gives the container’s exit code when it has ended, and 0 when the client leaves', async () => {
    const status = { exitCode: 3, state: 'CONTAINER_EXITED' } as never;
    cri.on('Attach', () => ({
      url: server.command({ ...everything }, async ({ stdin, stdout }) => {
        for await (const data of stdin ?? []) stdout?.write(data);
        return 0;
      }),
    }));
    cri.on('ContainerStatus', { status });
    const client = aCommandClient();
    const done = runtime.streams.attach(id, client.io);
    client.stdin.end('typed');
    assert.equal(await done, 3);
    assert.equal(client.said.stdout, 'typed');
    const looker = aCommandClient();
    const looking = runtime.streams.attach(id, looker.io);
    looker.stdin.write('x');
    await until(() => looker.said.stdout === 'x');
    looker.leave();
    assert.equal(await looking, 0);
  });

  it('port-forward passes both ways, each side ending on its own', async () => {
    const echo = createServer({ allowHalfOpen: true }, async (socket) => {
      socket.end((await socket.toArray()).join('').toUpperCase());
    });
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { port } = echo.address() as { port: number };
    cri.on('PortForward', () => ({ url: server.forward(connectLocally) }));
    const connection = await runtime.streams.portForward('sandbox', port);
    connection.end('hello');
    assert.equal((await connection.toArray()).join(''), 'HELLO');
    assert.deepEqual(cri.requestsOf('PortForward'), [{ podSandboxId: 'sandbox', port: [port] }]);
    echo.close();
  });

  it('port-forward to a port on which nobody listens breaks with the server’s words', async () => {
    cri.on('PortForward', () => ({ url: server.forward(connectLocally) }));
    const connection = await runtime.streams.portForward('sandbox', 1);
    connection.resume();
    const [thrown] = await once(connection, 'error');
    assert.ok(thrown instanceof OperationError);
    assert.match(thrown.message, /ECONNREFUSED/);
  });
});

function exitCause(code: number) {
  return { causes: [{ reason: 'ExitCode', message: String(code) }] };
}

function control(type: number, streamId: number, rest: Uint8Array): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0x8003, 0);
  head.writeUInt16BE(type, 2);
  head.writeUIntBE(4 + rest.length, 5, 3);
  head.writeUInt32BE(streamId, 8);
  return Buffer.concat([head, rest]);
}

function dataOf(streamId: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(streamId, 0);
  head.writeUIntBE(text.length, 5, 3);
  return Buffer.concat([head, Buffer.from(text)]);
}
