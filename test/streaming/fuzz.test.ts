import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import { servePortForward } from '../../src/streaming/port-forward.ts';
import { serveRemoteCommand } from '../../src/streaming/remote-command.ts';
import type { Upgraded } from '../../src/streaming/upgraded.ts';
import { randomOf } from '../fakes/random.ts';
import { aSocketPair } from '../fakes/socket-pair.ts';
import { recordedExec } from './recorded-frames.ts';

const webSocket = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
};

const requests: readonly (readonly [string, Upgraded['headers']])[] = [
  ['SPDY', { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' }],
  ['WebSocket v5', { ...webSocket, 'sec-websocket-protocol': 'v5.channel.k8s.io' }],
  ['WebSocket base64', { ...webSocket, 'sec-websocket-protocol': 'v4.base64.channel.k8s.io' }],
];

/** Bytes that are right, but for some that are not. */
function mutated(seed: number): Buffer {
  const random = randomOf(seed);
  const bytes = Buffer.from(recordedExec);
  for (let times = random.below(6); times >= 0; times--) bytes[random.below(bytes.length)] = random.below(256);
  const cut = random.chance(0.3) ? random.below(bytes.length) : bytes.length;
  const noise = Buffer.from(Array.from({ length: random.below(64) }, () => random.below(256)));
  return random.chance(0.2) ? noise : Buffer.concat([bytes.subarray(0, cut), noise]);
}

for (const [name, headers] of requests) {
  test(`no bytes of a client over ${name} do more than end its own connection`, async (context) => {
    const { client, server } = await aSocketPair(context);
    client.destroy();
    server.destroy();
    for (let seed = 1; seed <= 150; seed++) {
      const pair = await aSocketPair(context);
      pair.client.resume();
      const method = 'upgrade' in headers && headers.upgrade === 'websocket' ? 'GET' : 'POST';
      const upgraded = { method, headers, socket: pair.server, head: new Uint8Array(0) };
      const wanted = { stdin: true, stdout: true, stderr: true, tty: false };
      const echo = async (io: {
        stdin?: NodeJS.ReadableStream;
        stdout?: NodeJS.WritableStream;
        signal: AbortSignal;
      }) => {
        io.stdin?.on('data', (data) => io.stdout?.write(data));
        await Promise.race([once(io.stdin ?? pair.server, 'close'), io.signal.aborted || once(io.signal, 'abort')]);
        return 0;
      };
      const served = serveRemoteCommand(upgraded, wanted, echo as never, { clock: systemClock, creationMs: 50 });
      pair.client.end(mutated(seed));
      await served;
      assert.equal(pair.server.destroyed, true);
    }
  });
}

test('no bytes of a client of a port-forward do more than end its own connection', async (context) => {
  const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'portforward.k8s.io' };
  for (let seed = 1; seed <= 150; seed++) {
    const pair = await aSocketPair(context);
    pair.client.resume();
    const refuse = () => Promise.reject(new Error('nobody listens'));
    const upgraded = { method: 'POST', headers, socket: pair.server, head: new Uint8Array(0) };
    const served = servePortForward(upgraded, [], refuse, { clock: systemClock });
    pair.client.end(mutated(seed));
    await served;
  }
});
