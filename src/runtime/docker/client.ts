import type Docker from 'dockerode';
import type { Clock } from '../../base/clock.ts';
import { OperationError } from '../../base/errors.ts';
import { DockerError, dockerError } from './docker-error.ts';
import { loadDockerode } from './load-dockerode.ts';

export type CallOptions = { readonly timeoutMs?: number; readonly signal?: AbortSignal | undefined };

/** The kubelet gives a Docker operation 2 min (cri-dockerd libdocker, defaultTimeout). */
const defaultTimeoutMs = 120_000;
/** What only looks is answered at once, even by a busy engine; the kubelet holds a runtime for dead after as long. */
export const lookTimeoutMs = 30_000;

/** Calls to one Docker Engine, each with a deadline, so that a hung dockerd hangs nobody; errors are `DockerError`. */
export class DockerClient {
  readonly socketPath: string;
  readonly #docker: Docker;
  readonly #clock: Clock;
  readonly #closed = new AbortController();

  constructor(socketPath: string, clock: Clock) {
    const Dockerode = loadDockerode();
    this.socketPath = socketPath;
    this.#clock = clock;
    // The undefined members keep DOCKER_HOST out. No connection is kept: one that dockerd has closed would fail a call.
    const ours = { socketPath, host: undefined, port: undefined, protocol: 'http', headers: { Connection: 'close' } };
    this.#docker = new Dockerode(ours as Docker.DockerOptions);
  }

  /** Ends when the client is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** `what` begins the error's text, such as `cannot start etcd`; the action hands the signal to dockerode. */
  async call<T>(
    what: string,
    action: (docker: Docker, abortSignal: AbortSignal) => Promise<T>,
    { timeoutMs = defaultTimeoutMs, signal }: CallOptions = {},
  ): Promise<T> {
    const deadline = new AbortController();
    const cancel = this.#clock.after(timeoutMs, () => deadline.abort());
    const signals = [deadline.signal, this.#closed.signal, ...(signal === undefined ? [] : [signal])];
    try {
      return await action(this.#docker, AbortSignal.any(signals));
    } catch (thrown) {
      signal?.throwIfAborted();
      if (thrown instanceof OperationError) throw thrown;
      if (deadline.signal.aborted) throw new DockerError(`${what}: no answer from Docker within ${timeoutMs / 1000} s`);
      throw dockerError(what, thrown, this.socketPath);
    } finally {
      cancel();
    }
  }

  close(): void {
    this.#closed.abort();
  }
}
