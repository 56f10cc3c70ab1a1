import assert from 'node:assert/strict';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { after, test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import type { HttpRequest } from '../../src/host/host.ts';
import { nodeNetwork } from '../../src/host/node-network.ts';
import type { PeerRequest } from '../../src/host/peer-request.ts';
import { type PeerHandlers, serveTls, type TlsServing } from '../../src/host/serve-tls.ts';
import { anAuthority, type PemPair } from '../fakes/tls-parties.ts';

const authority = anAuthority();
const serverCertificate = authority.issue('node1', { usage: 'serverAuth' });
const open: TlsServing[] = [];
after(() => Promise.all(open.map((serving) => serving.close())));

async function serving(handlers: Partial<PeerHandlers>, clientCa: string | undefined = authority.certificate) {
  const whole: PeerHandlers = {
    answer: async ({ peer }) => ({ status: 200, body: JSON.stringify(peer ?? 'nobody') }),
    upgrades: (path) => path.startsWith('/up'),
    upgrade: async () => ({ status: 404, body: 'no' }),
    ...handlers,
  };
  const served = await serveTls({ address: '127.0.0.1', port: 0 }, { ...serverCertificate, clientCa }, whole);
  open.push(served);
  return served;
}

async function ask({ port }: TlsServing, path = '/', options: HttpRequest = {}) {
  const answer = await nodeNetwork.request(`https://127.0.0.1:${port}${path}`, {
    ca: authority.certificate,
    ...options,
  });
  return { ...answer, text: Buffer.from(answer.body).toString() };
}

const as = ({ certificate, key }: PemPair): HttpRequest => ({ clientCertificate: certificate, clientKey: key });

test('tells who asks by a certificate of its client authority', async () => {
  const served = await serving({});
  const pair = authority.issue('kube-apiserver-kubelet-client', { organizations: ['one', 'two'] });
  const { commonName, organizations, validUntilMs } = JSON.parse((await ask(served, '/', as(pair))).text);
  assert.deepEqual(
    { commonName, organizations },
    { commonName: 'kube-apiserver-kubelet-client', organizations: ['one', 'two'] },
  );
  assert.ok(validUntilMs > Date.now());
});

test('takes nobody for somebody without a certificate, with another authority’s, an expired one, or a server’s', async () => {
  const served = await serving({});
  const others = [
    {},
    as(anAuthority().issue('admin')),
    as(authority.issue('admin', { notAfterMs: Date.now() - 1000 })),
    as(authority.issue('admin', { usage: 'serverAuth' })),
  ];
  for (const other of others) assert.equal((await ask(served, '/', other)).text, '"nobody"');
});

test('without a client authority no certificate tells anybody', async () => {
  const served = await serving({}, '');
  assert.equal((await ask(served, '/', as(authority.issue('admin')))).text, '"nobody"');
  served.setMaterial({ ...serverCertificate, clientCa: undefined });
  assert.equal((await ask(served, '/', as(authority.issue('admin')))).text, '"nobody"');
});

test('another certificate and another authority count from the next connection on', async () => {
  const served = await serving({});
  const next = anAuthority('next');
  const shown = next.issue('node1', { usage: 'serverAuth' });
  served.setMaterial({ ...shown, clientCa: next.certificate });
  const answer = await ask(served, '/', { ca: next.certificate, ...as(next.issue('admin')) });
  assert.match(answer.text, /"commonName":"admin"/);
  assert.equal((await ask(served, '/', { ca: next.certificate, ...as(authority.issue('admin')) })).text, '"nobody"');
});

test('gives path, query and headers as they came, and refuses what is no path', async () => {
  const seen: PeerRequest[] = [];
  const served = await serving({
    answer: async (request) => {
      seen.push(request);
      return { status: 204, body: '' };
    },
  });
  await ask(served, '//pods/x%2Fy/?a=1&a=2', { headers: { 'X-Several': 'v5, v4' } });
  assert.equal(seen[0]?.path, '//pods/x%2Fy/');
  assert.deepEqual(seen[0]?.query.getAll('a'), ['1', '2']);
  assert.equal(seen[0]?.headers['x-several'], 'v5, v4');
  assert.match(
    await raw(served, 'GET http://elsewhere/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1.1 400/,
  );
});

test('sends a body part by part, and asks for no more of it than the client takes', async () => {
  let made = 0;
  let ended = false;
  async function* endless() {
    try {
      for (;;) {
        made += 1;
        yield 'x'.repeat(65_536);
      }
    } finally {
      ended = true;
    }
  }
  const served = await serving({ answer: async () => ({ status: 200, body: endless() }) });
  const { body } = await nodeNetwork.requestStream(`https://127.0.0.1:${served.port}/`, { ca: false });
  const reader = body[Symbol.asyncIterator]();
  assert.equal((await reader.next()).done, false);
  let before = 0;
  // Until all buffers between the two are full.
  for (let look = 0; look < 100 && made !== before; look++) {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(made, before);
  await reader.return?.();
  for (let turn = 0; turn < 100 && !ended; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(ended, 'the body is let go of when the client is gone');
});

test('sends all of a body whose parts come at once, and in their order', async () => {
  async function* parts() {
    for (let part = 0; part < 5000; part++) yield `${part}\n`;
  }
  const served = await serving({ answer: async () => ({ status: 200, body: parts() }) });
  const { text } = await ask(served);
  assert.deepEqual(text.split('\n'), [...Array.from({ length: 5000 }, (_, part) => String(part)), '']);
});

test('the signal aborts when the client is gone, and a first part is sent without waiting for a second', async () => {
  const gone = Promise.withResolvers<void>();
  async function* slow(signal: AbortSignal) {
    yield 'first\n';
    signal.addEventListener('abort', () => gone.resolve());
    await gone.promise;
  }
  const served = await serving({ answer: async ({ signal }) => ({ status: 200, body: slow(signal) }) });
  const { body } = await nodeNetwork.requestStream(`https://127.0.0.1:${served.port}/`, { ca: false });
  const reader = body[Symbol.asyncIterator]();
  const { value } = await reader.next();
  assert.equal(Buffer.from(value ?? []).toString(), 'first\n');
  await reader.return?.();
  await gone.promise;
});

test('an error before the answer is 500 with its words; one in the middle cuts the answer off', async () => {
  async function* broken() {
    yield 'half';
    await new Promise((resolve) => setTimeout(resolve, 20));
    throw new Error('disk gone');
  }
  const served = await serving({
    answer: async ({ path }) => {
      if (path === '/early') throw new Error('runtime gone');
      return { status: 200, body: broken() };
    },
  });
  const early = await ask(served, '/early');
  assert.deepEqual([early.status, early.text], [500, 'runtime gone\n']);
  await assert.rejects(ask(served, '/middle'));
});

const upgradeTo = (path: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\n`;

test('hands over the connection of a request for another protocol, with what was sent along', async () => {
  const served = await serving({
    upgrade:
      async (request) =>
      async ({ socket, head }) => {
        socket.write(`HTTP/1.1 101 ${request.headers.upgrade}\r\n\r\n${Buffer.from(head)}`);
        for await (const data of socket) socket.end(`echo ${data}`);
      },
  });
  const answer = await raw(served, `${upgradeTo('/up')}hello`, 'again');
  assert.match(answer, /^HTTP\/1.1 101 SPDY\/3.1\r\n\r\n(hello|echo hello)/);
});

test('refuses an upgrade in plain HTTP, and answers as usual where the path knows none', async () => {
  const served = await serving({ upgrade: async () => ({ status: 403, body: 'Forbidden' }) });
  assert.match(await raw(served, upgradeTo('/up')), /^HTTP\/1.1 403 Forbidden\r\n.*\r\n\r\nForbidden$/s);
  assert.match(await raw(served, upgradeTo('/else').replace('Upgrade\r\n', 'close, Upgrade\r\n')), /^HTTP\/1.1 200/);
});

test('closing ends handed-over connections too', async () => {
  const served = await serving({
    upgrade:
      async () =>
      async ({ socket }) =>
        void socket.write('mine'),
  });
  const socket = connect(tlsTo(served));
  socket.write(upgradeTo('/up'));
  await new Promise((resolve) => socket.once('data', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  await served.close();
  await closed;
});

test('a client that speaks no TLS, or hangs up in the middle of it, disturbs nobody', async () => {
  const served = await serving({});
  const socket = connectTcp(served.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.end('GET / HTTP/1.1\r\n\r\n');
  await new Promise((resolve) => socket.once('close', resolve));
  assert.equal((await ask(served)).text, '"nobody"');
});

test('a port that is taken is an error', async () => {
  const { port } = await serving({});
  const taken = serveTls({ address: '127.0.0.1', port }, serverCertificate, {
    answer: async () => ({ status: 200, body: '' }),
    upgrades: () => false,
    upgrade: async () => ({ status: 404, body: '' }),
  });
  await assert.rejects(taken, { code: 'EADDRINUSE' });
});

function tlsTo({ port }: TlsServing): ConnectionOptions & Pick<AddressInfo, 'port'> {
  return { port, host: '127.0.0.1', rejectUnauthorized: false };
}

/** What the server says to these bytes, until it hangs up. */
function raw(served: TlsServing, text: string, later?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(tlsTo(served));
    const parts: Buffer[] = [];
    socket.on('data', (data) => {
      parts.push(data);
      if (later !== undefined && parts.length === 1) socket.write(later);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(parts).toString()));
    socket.write(text);
  });
}
