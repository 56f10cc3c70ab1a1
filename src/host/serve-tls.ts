import { constants } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { messageOf } from '../base/errors.ts';
import { type PeerRequest, peerRequest, targetOf } from './peer-request.ts';
import { type PeerResponse, refuseUpgrade, sendResponse } from './peer-response.ts';
import type { Serving } from './serve.ts';

/** PEM texts: what the server shows, and the authorities whose certificates name a client (none: no certificate does). */
export type TlsMaterial = {
  readonly certificate: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
};

/** The connection itself, after a request to change its protocol: nothing is answered yet. */
export type Upgrading = { readonly socket: Duplex; readonly head: Uint8Array };

export type PeerHandlers = {
  answer(request: PeerRequest): Promise<PeerResponse>;
  /** Whether a request to change the protocol goes to `upgrade`; it is an ordinary one otherwise. */
  upgrades(path: string): boolean;
  /** Refuses, or has the connection from then on and answers on it. */
  upgrade(request: PeerRequest): Promise<PeerResponse | ((connection: Upgrading) => Promise<void>)>;
};

export type TlsServing = Serving & {
  readonly port: number;
  /** From the next connection on; another `clientCa` ends those that are there, but for upgraded ones. */
  setMaterial(material: TlsMaterial): void;
};

/** As the kubelet's server (pkg/kubelet/server/server.go), but for connections, which it does not count. */
const timeouts = { keepAliveTimeout: 90_000, headersTimeout: 32_000, handshakeTimeout: 10_000 };
/** So that who follows a silent log is noticed to be gone, also when its machine has vanished. */
const keepAlive = { keepAlive: true, keepAliveInitialDelay: 30_000 };
const maxConnections = 500;
const badRequest: PeerResponse = { status: 400, body: 'Bad Request\n' };

/** An HTTPS server that tells clients by their certificates and hands out connections. Throws when it cannot listen there. */
export async function serveTls(
  where: { readonly address: string; readonly port: number },
  material: TlsMaterial,
  handlers: PeerHandlers,
): Promise<TlsServing> {
  const server = createServer({
    requestCert: true,
    rejectUnauthorized: false,
    ...timeouts,
    ...keepAlive,
    ...contextOf(material),
    shouldUpgradeCallback: ({ url }) => handlers.upgrades(targetOf(url)?.pathname ?? ''),
  });
  server.maxConnections = maxConnections;
  const upgraded = new Set<Duplex>();
  server.on('request', (request, response) => void respond(handlers, request, response));
  server.on('upgrade', (request, socket, head) => {
    keep(upgraded, socket);
    void handOver(handlers, request, { socket, head });
  });
  // A connection that breaks off before there is a request is nobody's business.
  server.on('tlsClientError', () => {});
  await listening(server, where);
  let { clientCa } = material;
  return {
    port: portOf(server) ?? where.port,
    setMaterial: (changed) => {
      server.setSecureContext(contextOf(changed));
      if (changed.clientCa !== clientCa) server.closeAllConnections();
      clientCa = changed.clientCa;
    },
    close: () => closed(server, upgraded),
  };
}

/** Without tickets, so that each connection proves anew who it is. An empty list trusts nobody, no list the web's authorities. */
function contextOf({ certificate, key, clientCa = '' }: TlsMaterial) {
  const minVersion = 'TLSv1.2' as const;
  return {
    cert: certificate,
    key,
    ca: clientCa === '' ? [] : clientCa,
    minVersion,
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

function listening(server: Server, { address, port }: { readonly address: string; readonly port: number }) {
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
}

function portOf(server: Server): number | undefined {
  const address = server.address();
  return typeof address === 'object' ? address?.port : undefined;
}

function keep(upgraded: Set<Duplex>, socket: Duplex): void {
  upgraded.add(socket);
  socket.on('close', () => upgraded.delete(socket));
}

function closed(server: Server, upgraded: ReadonlySet<Duplex>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
    for (const socket of upgraded) socket.destroy();
  });
}

async function respond(handlers: PeerHandlers, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  response.on('error', () => gone.abort());
  const asked = peerRequest(request, gone.signal);
  try {
    const answer = asked === undefined ? badRequest : await handlers.answer(asked);
    await sendResponse(response, answer, gone.signal);
  } catch (thrown) {
    // What has begun can only be cut off: the client shall not take it for the whole.
    if (response.headersSent) response.destroy();
    else await sendResponse(response, { status: 500, body: `${messageOf(thrown)}\n` }, gone.signal);
  }
}

async function handOver(handlers: PeerHandlers, request: IncomingMessage, connection: Upgrading): Promise<void> {
  const { socket } = connection;
  const gone = new AbortController();
  request.socket.setNoDelay(true).setTimeout(0);
  socket.on('error', () => gone.abort());
  socket.on('close', () => gone.abort());
  const asked = peerRequest(request, gone.signal);
  let begun = false;
  try {
    const answer = asked === undefined ? badRequest : await handlers.upgrade(asked);
    if (typeof answer !== 'function') return refuseUpgrade(socket, answer);
    begun = true;
    await answer(connection);
  } catch (thrown) {
    if (begun) socket.destroy();
    else refuseUpgrade(socket, { status: 500, body: `${messageOf(thrown)}\n` });
  }
}
