import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { Calls, Streams } from '../../src/runtime/cri/calls.ts';
import { loadServices } from '../../src/runtime/cri/load-services.ts';
import { CriFailure, FakeCriState } from './fake-cri-state.ts';

type Asked = keyof Calls;
/** `hang` = never answers. */
type Answer<M extends Asked> = Partial<Calls[M]['response']> | CriFailure | 'hang';
type Rule = (request: object) => object | CriFailure | 'hang' | undefined;
type StreamRule = (request: object, signal: AbortSignal) => AsyncIterable<object>;

/**
 * A CRI runtime on a unix socket, over real gRPC: it keeps sandboxes and containers as containerd does (names reserved,
 * nothing run), unless a rule of the test says otherwise.
 */
export class FakeCri {
  readonly asked: { readonly method: Asked; readonly request: object }[] = [];
  readonly state = new FakeCriState();
  readonly #rules = new Map<string, Rule>();
  readonly #streams = new Map<string, StreamRule>();
  #server: Server | undefined;
  #directory = '';

  get socketPath(): string {
    return join(this.#directory, 'cri.sock');
  }

  async start(): Promise<this> {
    this.#directory = await mkdtemp(join(tmpdir(), 'fake-cri-'));
    await this.listen();
    return this;
  }

  /** Comes (back) up on the same socket; `services` = those it has, all unless given. */
  async listen(services: readonly string[] = ['runtime.v1', 'containerd']): Promise<void> {
    const server = new Server();
    for (const [name, method] of loadServices()) {
      if (!services.some((service) => method.path.startsWith(`/${service}.`))) continue;
      const handler = method.responseStream ? this.#serveStream(name) : this.#serve(name as Asked);
      server.register(
        method.path,
        handler as never,
        method.responseSerialize,
        method.requestDeserialize,
        kindOf(method),
      );
    }
    const credentials = ServerCredentials.createInsecure();
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix://${this.socketPath}`, credentials, (thrown) => (thrown ? reject(thrown) : resolve()));
    });
    this.#server = server;
  }

  /** Dies with all connections. */
  async die(): Promise<void> {
    this.#server?.forceShutdown();
    this.#server = undefined;
    await rm(this.socketPath, { force: true });
  }

  async stop(): Promise<void> {
    await this.die();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Answers a method by this from now on; a function that returns undefined leaves it to what is kept. */
  on<M extends Asked>(method: M, answer: Answer<M> | ((request: Calls[M]['request']) => Answer<M> | undefined)): void {
    this.#rules.set(method, (request) =>
      typeof answer === 'function' ? answer(request as Calls[M]['request']) : answer,
    );
  }

  onStream<M extends keyof Streams>(
    method: M,
    answer: (request: Streams[M]['request'], signal: AbortSignal) => AsyncIterable<Partial<Streams[M]['response']>>,
  ): void {
    this.#streams.set(method, (request, signal) => answer(request as Streams[M]['request'], signal));
  }

  /** What was asked of one method so far. */
  requestsOf<M extends Asked>(method: M): readonly Calls[M]['request'][] {
    return this.asked.flatMap((one) => (one.method === method ? [one.request as Calls[M]['request']] : []));
  }

  #serve(method: Asked) {
    return (call: ServerUnaryCall<object, object>, done: sendUnaryData<object>): void => {
      this.asked.push({ method, request: call.request });
      const answer = this.#rules.get(method)?.(call.request) ?? this.state.answer(method, call.request);
      if (answer === 'hang') return;
      if (answer instanceof CriFailure) done({ code: answer.code, details: answer.details });
      else done(null, answer);
    };
  }

  #serveStream(method: string) {
    return async (call: ServerWritableStream<object, object>): Promise<void> => {
      const rule = this.#streams.get(method);
      if (rule === undefined) return void call.emit('error', { code: 12, details: `unknown method ${method}` });
      const ended = new AbortController();
      call.on('cancelled', () => ended.abort());
      for await (const message of rule(call.request, ended.signal)) {
        if (ended.signal.aborted) return;
        call.write(message);
      }
      call.end();
    };
  }
}

function kindOf({ responseStream }: { readonly responseStream: boolean }): string {
  return responseStream ? 'serverStream' : 'unary';
}
