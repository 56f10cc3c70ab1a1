import * as http from 'node:http';
import * as https from 'node:https';
import { isIP } from 'node:net';
import type { HttpRequest, HttpResponse } from './host.ts';
import { curves } from './tls-sessions.ts';

type StreamedResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: http.IncomingMessage;
};

/** One HTTP(S) request by node:http, redirects not followed, body read whole (up to `maxBytes`). */
export async function request(url: string, options: HttpRequest = {}): Promise<HttpResponse> {
  const { status, headers, body } = await requestStream(url, options);
  return { status, headers, body: await read(body, options.maxBytes ?? Number.POSITIVE_INFINITY) };
}

/** By events: asynchronous iteration would cost a fifth of a probe. */
function read(body: http.IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = () => resolve(Buffer.concat(chunks).subarray(0, limit));
    body.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < limit) return;
      done();
      body.destroy();
    });
    body.on('end', done);
    body.on('error', reject);
  });
}

/** The same with the body still to be read; `timeoutMs` is the time to the end of the body. */
export function requestStream(url: string, options: HttpRequest = {}): Promise<StreamedResponse> {
  const secure = url.startsWith('https:');
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? https : http).request(url, {
      method: options.method ?? 'GET',
      headers: { ...options.headers, ...lengthOf(options.body) },
      agent: agentFor(secure, options),
      ...(options.socketPath === undefined ? {} : { socketPath: options.socketPath }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(secure ? tlsOptions(options, url) : {}),
    });
    const stopWaiting = connectTimer(outgoing, url, options.connectTimeoutMs);
    wholeTimer(outgoing, url, options.timeoutMs);
    outgoing.on('response', (response) => {
      stopWaiting();
      resolve({ status: response.statusCode ?? 0, headers: flat(response.headers), body: response });
    });
    outgoing.on('error', (thrown) => {
      stopWaiting();
      reject(thrown);
    });
    outgoing.end(options.body);
  });
}

function agentFor(secure: boolean, options: HttpRequest): http.Agent | false | undefined {
  if (secure && options.resume !== undefined) return options.resume.agent;
  // Node's own reading of the proxy variables (http.Agent `proxyEnv`, Node 24.5).
  if (options.throughProxy) return new (secure ? https : http).Agent({ proxyEnv: process.env });
  if (!options.keepAlive) return false;
  return secure ? options.connections?.agent : undefined;
}

function tlsOptions(options: HttpRequest, url: string): https.RequestOptions {
  // Node would take the name from a Host header, which may be another's.
  if (options.resume !== undefined) return { servername: nameToAsk(url) };
  return {
    rejectUnauthorized: options.ca !== false,
    ecdhCurve: curves,
    ...(typeof options.ca === 'string' ? { ca: options.ca } : {}),
    ...(options.clientCertificate === undefined ? {} : { cert: options.clientCertificate }),
    ...(options.clientKey === undefined ? {} : { key: options.clientKey }),
    ...(options.serverName === undefined ? {} : { servername: options.serverName }),
    ...(options.anyName ? { checkServerIdentity: () => undefined } : {}),
  };
}

/** A server is told the name that it is asked by, but not an address (RFC 6066, 3). */
function nameToAsk(url: string): string {
  const { hostname } = new URL(url);
  return hostname.startsWith('[') || isIP(hostname) !== 0 ? '' : hostname;
}

function lengthOf(body: string | Uint8Array | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}

function flat(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

/** A timer by hand: an AbortSignal for each probe costs more than the probe's own request. */
function wholeTimer(outgoing: http.ClientRequest, url: string, limitMs: number | undefined): void {
  if (limitMs === undefined) return;
  const late = () => new Error(`no answer from ${url} within ${limitMs} ms`);
  let response: http.IncomingMessage | undefined;
  const timer = setTimeout(() => {
    response?.destroy(late());
    outgoing.destroy(late());
  }, limitMs);
  outgoing.on('response', (received) => {
    response = received;
  });
  outgoing.on('close', () => clearTimeout(timer));
}

function connectTimer(outgoing: http.ClientRequest, url: string, limitMs: number | undefined): () => void {
  if (limitMs === undefined) return () => {};
  const timer = setTimeout(
    () => outgoing.destroy(new Error(`no connection for ${url} within ${limitMs / 1000} s`)),
    limitMs,
  );
  outgoing.on('socket', (socket) => {
    // A kept connection, or one through a proxy, is there already.
    if (socket.connecting) socket.on('connect', () => clearTimeout(timer));
    else clearTimeout(timer);
  });
  return () => clearTimeout(timer);
}
