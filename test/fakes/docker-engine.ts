import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type EngineRequest = {
  readonly method: string;
  /** Without query and API version. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
};

/** `hang` = never answers; `lines` are sent one by one and then, with `stayOpen`, the stream goes on in silence. */
export type EngineAnswer =
  | { readonly status?: number; readonly json?: unknown }
  | { readonly lines: readonly unknown[]; readonly stayOpen?: boolean }
  | 'hang';

type Rule = (request: EngineRequest) => EngineAnswer | undefined;

/** A Docker Engine on a unix socket that answers by rules, newest first: for what a real one does too seldom. */
export class FakeDockerEngine {
  readonly requests: EngineRequest[] = [];
  readonly #rules: Rule[] = [];
  readonly #open = new Set<ServerResponse>();
  #server: Server | undefined;
  #directory = '';

  /** What an engine is asked once, before the first pod. */
  constructor() {
    this.on('GET', /^\/info$/, { json: { CgroupDriver: 'none', SecurityOptions: ['name=seccomp'] } });
    this.on('GET', /^\/version$/, { json: { Version: '20.10.24', ApiVersion: '1.41' } });
    this.on('GET', /^\/networks\/bridge$/, { json: { Name: 'bridge' } });
  }

  get socketPath(): string {
    return join(this.#directory, 'docker.sock');
  }

  async start(): Promise<this> {
    this.#directory = await mkdtemp(join(tmpdir(), 'fake-docker-'));
    await this.listen();
    return this;
  }

  /** Comes (back) up on the same socket. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socketPath, resolve));
  }

  /** Dies with all connections; the socket is gone. */
  async die(): Promise<void> {
    for (const response of this.#open) response.destroy();
    const server = this.#server;
    server?.closeAllConnections();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
    this.#server = undefined;
  }

  async stop(): Promise<void> {
    await this.die();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Answers `method path` by this from now on. */
  on(method: string, path: RegExp, answer: EngineAnswer | ((request: EngineRequest) => EngineAnswer)): void {
    this.#rules.unshift((request) => {
      if (request.method !== method || !path.test(request.path)) return undefined;
      return typeof answer === 'function' ? answer(request) : answer;
    });
  }

  /** `POST /containers/create`, one for each request so far. */
  calls(): readonly string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  /** One more line on every stream that is open. */
  send(line: unknown): void {
    for (const response of this.#open) response.write(`${JSON.stringify(line)}\n`);
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://docker');
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const request: EngineRequest = {
      method: incoming.method ?? 'GET',
      path: url.pathname.replace(/^\/v1\.\d+/, ''),
      query: url.searchParams,
      headers: incoming.headers,
      body: text.startsWith('{') ? JSON.parse(text) : text,
    };
    this.requests.push(request);
    const answer = this.#rules.map((rule) => rule(request)).find((found) => found !== undefined);
    this.#answer(answer ?? { status: 404, json: { message: `no such thing: ${request.path}` } }, response);
  }

  #answer(answer: EngineAnswer, response: ServerResponse): void {
    if (answer === 'hang') return;
    if (!('lines' in answer)) {
      const text = answer.json === undefined ? '' : JSON.stringify(answer.json);
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end(text);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    for (const line of answer.lines) response.write(`${JSON.stringify(line)}\n`);
    if (answer.stayOpen !== true) {
      response.end();
      return;
    }
    this.#open.add(response);
    response.on('close', () => this.#open.delete(response));
  }
}
