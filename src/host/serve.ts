import { chmod } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export type ServedRequest = { readonly method: string; readonly path: string; readonly query: URLSearchParams };
export type ServedResponse = {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string;
};
export type ServeHandler = (request: ServedRequest) => Promise<ServedResponse>;
/** Stops listening and ends open connections. */
export type Serving = { close(): Promise<void> };

/**
 * A small HTTP server on a unix socket (0600; the directory must keep others out until then) or on an address and port.
 * Throws when it cannot listen there (`EADDRINUSE` …).
 */
export async function serveHttp(
  where: { readonly socketPath: string } | { readonly address: string; readonly port: number },
  handler: ServeHandler,
): Promise<Serving> {
  const server = createServer((request, response) => void answer(handler, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if ('socketPath' in where) server.listen(where.socketPath, resolve);
    else server.listen(where.port, where.address, resolve);
  });
  if ('socketPath' in where) await chmod(where.socketPath, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(handler: ServeHandler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  const url = new URL(request.url ?? '/', 'http://localhost');
  const { status, contentType, body } = await handler({
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
  }).catch((thrown: unknown): ServedResponse => ({ status: 500, body: `${String(thrown)}\n` }));
  response.writeHead(status, {
    'content-type': contentType ?? 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
