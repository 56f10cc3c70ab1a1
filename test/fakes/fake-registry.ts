import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { digestOf } from './images.ts';

export type FakeRegistry = {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** What was asked: `GET /v2/app/blobs/…`, with the Authorization and Range headers that came. */
  readonly requests: { readonly line: string; readonly authorization?: string; readonly range?: string }[];
};

export type RegistryContent = {
  readonly manifests: Readonly<Record<string, Buffer>>;
  readonly blobs: readonly Buffer[];
  /** Answers in the registry's place; false = the registry answers. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
};

/** A registry on loopback that serves what it is given and can be made to misbehave. */
export async function startFakeRegistry(test: TestContext, content: RegistryContent): Promise<FakeRegistry> {
  const requests: FakeRegistry['requests'] = [];
  const blobs = new Map(content.blobs.map((blob) => [digestOf(blob), blob]));
  const server = createServer((request, response) => {
    const { authorization, range } = request.headers;
    requests.push({
      line: `${request.method} ${request.url}`,
      ...(authorization === undefined ? {} : { authorization }),
      ...(range === undefined ? {} : { range }),
    });
    if (content.intercept?.(request, response)) return;
    const name = request.url?.split('/').at(-1) ?? '';
    const isManifest = request.url?.includes('/manifests/') ?? false;
    const found = isManifest ? content.manifests[name] : blobs.get(name);
    if (request.url === '/v2/') response.end('{}');
    else if (found === undefined) response.writeHead(404).end('{"errors":[{"code":"UNKNOWN","message":"not here"}]}');
    else sendRange(response, found, range);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

function sendRange(response: ServerResponse, body: Buffer, range: string | undefined): void {
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  response.writeHead(range === undefined ? 200 : 206, { 'content-length': body.length - from });
  response.end(body.subarray(from));
}
