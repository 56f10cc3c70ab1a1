import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { KeptConnections } from '../../src/host/kept-connections.ts';
import { nodeNetwork } from '../../src/host/node-network.ts';
import { TlsSessions } from '../../src/host/tls-sessions.ts';
import { expectCode, run } from '../e2e/support/command.ts';

const directory = mkdtempSync(join(tmpdir(), 'tls-'));
const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(directory, name)) as [string, string];
const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=a', '-keyout', key, '-out', cert];
expectCode(await run('openssl', args), 0);

type Seen = { readonly port: number; readonly resumed: boolean; readonly name: string; readonly host: string };
const seen: Seen[] = [];
const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
  const socket = request.socket as TLSSocket;
  const name = String((socket as TLSSocket & { servername?: string | false }).servername || '');
  seen.push({
    port: socket.remotePort ?? 0,
    resumed: socket.isSessionReused(),
    name,
    host: request.headers.host ?? '',
  });
  response.end('ok');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
after(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

test('each request has a connection of its own, and the second needs no full handshake', async () => {
  const resume = new TlsSessions();
  const headers = { Host: 'other.test' };
  for (let times = 0; times < 3; times++) {
    const { status } = await nodeNetwork.request(`https://127.0.0.1:${port}/`, { ca: false, resume, headers });
    assert.equal(status, 200);
  }
  assert.deepEqual(
    seen.map(({ resumed }) => resumed),
    [false, true, true],
  );
  assert.equal(new Set(seen.map(({ port: from }) => from)).size, 3);
  assert.deepEqual([seen[0]?.name, seen[0]?.host], ['', 'other.test']);
});

test('a server that has forgotten the session is greeted in full', async () => {
  const resume = new TlsSessions();
  const ask = () => nodeNetwork.request(`https://localhost:${port}/`, { ca: false, resume });
  await ask();
  server.setTicketKeys(Buffer.alloc(48, 7));
  assert.equal((await ask()).status, 200);
  assert.equal(seen.at(-1)?.resumed, false);
  assert.equal((await ask()).status, 200);
  assert.equal(seen.at(-1)?.resumed, true);
  assert.equal(seen.at(-1)?.name, 'localhost');
});

test('without it the certificate is verified, whoever was greeted before', async () => {
  await assert.rejects(nodeNetwork.request(`https://127.0.0.1:${port}/`), /self-signed/);
});

test('a client that keeps its connections asks again over the same one, and no other client does', async () => {
  const ask = (connections: KeptConnections) =>
    nodeNetwork.request(`https://127.0.0.1:${port}/`, { ca: false, keepAlive: true, connections });
  const [one, another] = [new KeptConnections(), new KeptConnections()];
  for (const connections of [one, one, another]) await ask(connections);
  const [first, second, third] = seen.slice(-3).map(({ port: from }) => from);
  assert.equal(second, first);
  assert.notEqual(third, first);
  for (const { agent } of [one, another]) agent.destroy();
});
