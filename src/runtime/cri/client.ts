import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { Clock } from '../../base/clock.ts';
import type { Calls, Streams } from './calls.ts';
import { CriError, criError, status } from './cri-error.ts';
import { loadServices, type MethodName } from './load-services.ts';

type Options = {
  /** Begins the error's text, such as `cannot start etcd`. */
  readonly what: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
};

/** The kubelet's runtimeRequestTimeout. */
export const defaultTimeoutMs = 120_000;
/** What only looks is answered at once, even by a busy runtime; the kubelet holds one for dead after as long. */
export const lookTimeoutMs = 30_000;
/** And who it is: what everybody waits for before anything else. */
export const versionTimeoutMs = 5000;
/** No deadline is longer; Node's timers hold no more. */
export const longestMs = 0x7fffffff;

const channelOptions = {
  'grpc.default_authority': 'localhost',
  // As the kubelet's (k8s.io/cri-client remote: 16 MiB a message, tried again from 100 ms on).
  'grpc.max_receive_message_length': 16 * 2 ** 20,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.enable_channelz': 0,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
};

/** Calls to one CRI runtime, each with a deadline, so that a hung one hangs nobody; errors are `CriError`. */
export class CriClient {
  readonly socketPath: string;
  readonly #client: Client;
  readonly #methods = loadServices();
  readonly #metadata = new Metadata();
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  /** A set of functions costs a call far less than a signal of its own does. */
  readonly #inFlight = new Set<() => void>();

  constructor({ socketPath, clock }: { readonly socketPath: string; readonly clock: Clock }) {
    this.socketPath = socketPath;
    this.#client = new Client(`unix://${socketPath}`, credentials.createInsecure(), channelOptions);
    this.#clock = clock;
    // containerd's own API asks for it; CRI runs in this namespace.
    this.#metadata.set('containerd-namespace', 'k8s.io');
  }

  /** Ends when the client is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  call<M extends keyof Calls>(
    method: M,
    request: Calls[M]['request'],
    { what, timeoutMs = defaultTimeoutMs, signal }: Options,
  ): Promise<Calls[M]['response']> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const { path, requestSerialize, responseDeserialize } = this.#method(method);
      let late = false;
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        this.#metadata,
        (thrown, response) => {
          cancelDeadline();
          this.#inFlight.delete(abort);
          signal?.removeEventListener('abort', abort);
          if (thrown === null) return resolve(response as Calls[M]['response']);
          if (signal?.aborted) return reject(signal.reason);
          reject(late ? this.#overdue(what, timeoutMs) : criError(what, thrown, this.socketPath));
        },
      );
      const abort = () => call.cancel();
      this.#inFlight.add(abort);
      signal?.addEventListener('abort', abort, { once: true });
      const cancelDeadline = this.#clock.after(timeoutMs, () => {
        late = true;
        call.cancel();
      });
    });
  }

  /** Ends when the signal aborts or the client is closed, and when the runtime ends it; throws when it breaks. */
  async *stream<M extends keyof Streams>(
    method: M,
    request: Streams[M]['request'],
    { what, signal }: { readonly what: string; readonly signal: AbortSignal },
  ): AsyncGenerator<Streams[M]['response']> {
    const ends = AbortSignal.any([signal, this.closed]);
    if (ends.aborted) return;
    const { path, requestSerialize, responseDeserialize } = this.#method(method);
    const metadata = this.#metadata;
    const call = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata);
    const cancel = () => call.cancel();
    ends.addEventListener('abort', cancel, { once: true });
    try {
      for await (const message of call) yield message as Streams[M]['response'];
    } catch (thrown) {
      if (!ends.aborted) throw criError(what, thrown, this.socketPath);
    } finally {
      ends.removeEventListener('abort', cancel);
      call.cancel();
    }
  }

  close(): void {
    this.#closed.abort();
    for (const abort of this.#inFlight) abort();
    this.#client.close();
  }

  #method(name: MethodName) {
    const method = this.#methods.get(name);
    if (method === undefined) throw new Error(`cri.proto has no method ${name}`);
    return method;
  }

  #overdue(what: string, timeoutMs: number): CriError {
    const message = `${what}: no answer from the container runtime at ${this.socketPath} within ${timeoutMs / 1000} s`;
    return new CriError(message, { code: status.deadlineExceeded });
  }
}
