import { createPublicKey } from 'node:crypto';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import * as net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Leaf, newKey } from './workshop.ts';

/** What a server was asked for, and with which client certificate. */
export type Seen = { readonly path: string; readonly serial: string };

const listening = (server: net.Server, path?: string) =>
  new Promise<number>((resolve, reject) => {
    server.on('error', reject);
    const place = path === undefined ? { host: '127.0.0.1', port: 0 } : { path };
    server.listen(place, () => resolve(path === undefined ? (server.address() as net.AddressInfo).port : 0));
  });

const serialOf = (socket: TLSSocket) => socket.getPeerCertificate().serialNumber ?? '';

/** Webhooks of every kind, a kubelet, an aggregated API server and an OpenID issuer, by the path; notes each request. */
export async function startWebServer({ crt, key }: Leaf) {
  const seen: Seen[] = [];
  const issuerKey = newKey();
  const jwk = { ...createPublicKey(issuerKey).export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'it' };
  const server = https.createServer(
    { cert: crt, key, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { url = '' } = request;
      const path = url.split('?')[0] ?? '';
      seen.push({ path, serial: serialOf(request.socket as TLSSocket) });
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = answerOf(path, {
          body: Buffer.concat(chunks).toString(),
          issuer: `https://127.0.0.1:${port}`,
          jwk,
        });
        response.setHeader('connection', 'close');
        response.setHeader('content-type', 'application/json');
        response.end(body);
      });
    },
  );
  const port = await listening(server);
  return { port, url: `https://127.0.0.1:${port}`, seen, issuerKey, close: () => server.close() };
}
export type WebServer = Awaited<ReturnType<typeof startWebServer>>;

function answerOf(
  path: string,
  { body, issuer, jwk }: { readonly body: string; readonly issuer: string; readonly jwk: unknown },
): string {
  if (path.includes('openid-configuration')) {
    const supported = { response_types_supported: ['id_token'], subject_types_supported: ['public'] };
    const algorithms = { id_token_signing_alg_values_supported: ['ES256'] };
    return JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks`, ...supported, ...algorithms });
  }
  if (path === '/jwks') return JSON.stringify({ keys: [jwk] });
  if (path.startsWith('/apis')) {
    return JSON.stringify({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'proof.example/v1',
      resources: [],
    });
  }
  if (!path.startsWith('/auth')) return '{}';
  const { apiVersion, kind } = JSON.parse(body) as { readonly apiVersion: string; readonly kind: string };
  return JSON.stringify({ apiVersion, kind, status: { allowed: false, authenticated: false } });
}

/** A gRPC message of 4 bytes: RangeResponse {header {revision 1}}. */
const emptyRange = Buffer.from([0, 0, 0, 0, 4, 0x0a, 0x02, 0x18, 0x01]);

/** Takes etcd's clients by HTTP/2, notes their certificates, has no keys and refuses all other calls. */
export async function startEtcdDouble({ crt, key }: Leaf) {
  const serials: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = http2.createSecureServer({ cert: crt, key, requestCert: true, rejectUnauthorized: false });
  server.on('secureConnection', (socket: TLSSocket) => {
    serials.push(serialOf(socket));
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    if (stream.destroyed) return;
    const usual = { ':status': 200, 'content-type': 'application/grpc' };
    if (headers[':path'] !== '/etcdserverpb.KV/Range') {
      stream.respond({ ...usual, 'grpc-status': '12' }, { endStream: true });
      return;
    }
    stream.respond(usual, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(emptyRange);
  });
  const port = await listening(server);
  return {
    port,
    serials,
    /** Cuts every connection: the next call makes another. */
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    use: (leaf: Leaf) => server.setSecureContext({ cert: leaf.crt, key: leaf.key }),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
export type EtcdDouble = Awaited<ReturnType<typeof startEtcdDouble>>;

/** Counts connections, to a socket file where a path is given, and hands them on to the port `target` where there is one. */
export async function startDoor({ target, path }: { readonly target?: number; readonly path?: string }) {
  let count = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    count += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    if (target === undefined) return;
    const onward = net.connect(target, '127.0.0.1');
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
    socket.pipe(onward);
    onward.pipe(socket);
  });
  const port = await listening(server, path);
  return {
    port,
    count: () => count,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
export type Door = Awaited<ReturnType<typeof startDoor>>;
