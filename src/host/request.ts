import * as http from 'node:http';
import * as https from 'node:https';
import type { HttpRequest, HttpResponse } from './host.ts';

type StreamedResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: http.IncomingMessage;
};

/** One HTTP(S) request by node:http, redirects not followed, body read whole (up to `maxBytes`). */
export async function request(url: string, options: HttpRequest = {}): Promise<HttpResponse> {
  const { status, headers, body } = await requestStream(url, options);
  const chunks: Buffer[] = [];
  let size = 0;
  const limit = options.maxBytes ?? Number.POSITIVE_INFINITY;
  for await (const chunk of body) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size >= limit) break;
  }
  return { status, headers, body: Buffer.concat(chunks).subarray(0, Math.min(size, limit)) };
}

/** The same with the body still to be read; `timeoutMs` is the time to the end of the body. */
export function requestStream(url: string, options: HttpRequest = {}): Promise<StreamedResponse> {
  const secure = url.startsWith('https:');
  const timeouts = [
    ...(options.signal === undefined ? [] : [options.signal]),
    ...(options.timeoutMs === undefined ? [] : [AbortSignal.timeout(options.timeoutMs)]),
  ];
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? https : http).request(url, {
      method: options.method ?? 'GET',
      headers: { ...options.headers, ...lengthOf(options.body) },
      agent: agentFor(secure, options),
      ...(options.socketPath === undefined ? {} : { socketPath: options.socketPath }),
      ...(timeouts.length === 0 ? {} : { signal: AbortSignal.any(timeouts) }),
      ...(secure ? tlsOptions(options) : {}),
    });
    const stopWaiting = connectTimer(outgoing, url, options.connectTimeoutMs);
    outgoing.on('response', (response) => {
      stopWaiting();
      resolve({ status: response.statusCode ?? 0, headers: flat(response.headers), body: response });
    });
    outgoing.on('error', (thrown) => {
      stopWaiting();
      reject(timedOut(thrown) ? new Error(`no answer from ${url} within ${options.timeoutMs} ms`) : thrown);
    });
    outgoing.end(options.body);
  });
}

function agentFor(secure: boolean, options: HttpRequest): http.Agent | false | undefined {
  // Node's own reading of the proxy variables (http.Agent `proxyEnv`, Node 24.5).
  if (options.throughProxy) return new (secure ? https : http).Agent({ proxyEnv: process.env });
  return options.keepAlive ? undefined : false;
}

function tlsOptions(options: HttpRequest): https.RequestOptions {
  return {
    rejectUnauthorized: options.ca !== false,
    // Without the hybrid post-quantum group: probes come every second, and it costs a fifth of their processor time.
    ecdhCurve: 'X25519:P-256:P-384',
    ...(typeof options.ca === 'string' ? { ca: options.ca } : {}),
    ...(options.clientCertificate === undefined ? {} : { cert: options.clientCertificate }),
    ...(options.clientKey === undefined ? {} : { key: options.clientKey }),
    ...(options.serverName === undefined ? {} : { servername: options.serverName }),
  };
}

function lengthOf(body: string | Uint8Array | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}

function flat(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

function timedOut(thrown: Error): boolean {
  return thrown.name === 'TimeoutError' || (thrown.cause instanceof Error && thrown.cause.name === 'TimeoutError');
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
