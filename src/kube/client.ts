import type { HostNetwork } from '../host/host.ts';
import type { KeptConnections } from '../host/kept-connections.ts';
import { deleteOptions, managed, patchTypes, requestBase } from './api-request.ts';
import { followWatch } from './watch-stream.ts';

/** How to reach an API server and as whom: what a kubeconfig says, in PEM texts. */
export type ClusterAccess = {
  readonly server: string;
  readonly ca?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly token?: string | undefined;
  /** The name to verify the server's certificate against, when it is not the URL's host. */
  readonly serverName?: string | undefined;
  /** Verify nothing (insecure-skip-tls-verify). */
  readonly insecure?: boolean | undefined;
  /** Whatever name the certificate is for, at the address of one of several instances; each request connects anew. */
  readonly anyName?: boolean | undefined;
};

/** What went wrong in words of the server; `retryAfterMs`: when it wants to be asked again. */
type Refusal = { readonly reason: string; readonly message: string; readonly retryAfterMs?: number | undefined };

/** The API server answered with something else than success: a `Status` object's code, reason and message. */
export class ApiStatusError extends Error {
  override readonly name = 'ApiStatusError';
  readonly status: number;
  /** `NotFound`, `AlreadyExists`, `Forbidden` …; empty when the answer was no Status object. */
  readonly reason: string;
  /** What the server said, without the request. */
  readonly detail: string;
  /** From the header Retry-After. */
  readonly retryAfterMs: number | undefined;

  constructor(request: string, status: number, answer: Refusal) {
    super(`${request}: ${status} ${answer.message}`);
    this.status = status;
    this.reason = answer.reason;
    this.detail = answer.message;
    this.retryAfterMs = answer.retryAfterMs;
  }
}

export type KubeObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
};

export type KubeList<T> = { readonly metadata: { readonly resourceVersion: string }; readonly items: readonly T[] };

export type WatchEvent<T> = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: T };

/** Without `timeoutMs` the client's own limit. */
export type CallOptions = { readonly timeoutMs?: number; readonly signal?: AbortSignal };
export type WriteCallOptions = CallOptions & { readonly fieldManager?: string };
export type PatchCallOptions = WriteCallOptions & {
  readonly type?: 'merge' | 'strategic' | 'apply';
  /** Of `apply`: take fields over that another manager owns. */
  readonly force?: boolean;
};
/** `uid` and `resourceVersion`: only that very object, else 409. */
export type RemoveCallOptions = CallOptions & {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly graceSeconds?: number;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
};
export type WatchCallOptions = {
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
  /** How long the server keeps it open; default 300. */
  readonly timeoutSeconds?: number;
};

/**
 * The cluster (door 3): one attempt a call, whoever calls retries. Paths are API paths, `/api/v1/namespaces`, and may
 * carry a query. Whatever the API server refuses is an `ApiStatusError`; any other error: no answer came.
 */
export interface KubeClient {
  readonly server: string;
  /** Undefined when the object is not there. */
  get<T = unknown>(path: string, options?: CallOptions): Promise<T | undefined>;
  /** A collection, whole; its items carry neither apiVersion nor kind. */
  list<T = unknown>(path: string, options?: CallOptions): Promise<KubeList<T>>;
  /** Makes an object in the collection `path`; false when one of that name is there already. */
  create(path: string, object: KubeObject, options?: WriteCallOptions): Promise<boolean>;
  /** The same, giving the object as it was stored; 409 when one of that name is there. */
  createObject<T extends KubeObject>(path: string, object: T, options?: WriteCallOptions): Promise<T>;
  /** Replaces the object at `path` (PUT); 409 when its resourceVersion is not the stored one. */
  update<T extends KubeObject>(path: string, object: T, options?: WriteCallOptions): Promise<T>;
  /**
   * Changes the object at `path` and gives it as stored: a JSON merge patch (RFC 7386) unless `type` says otherwise;
   * `apply` makes one that is not there.
   */
  patch<T = unknown>(path: string, change: unknown, options?: PatchCallOptions): Promise<T>;
  /** False when it was gone already. */
  remove(path: string, options?: RemoveCallOptions): Promise<boolean>;
  /** What changes in a collection after `resourceVersion`, until the server ends it; 410 when that is too old. */
  watch<T = unknown>(path: string, options: WatchCallOptions): AsyncIterable<WatchEvent<T>>;
  /** Status and text of any path, `/livez` among them; throws only when no answer came. */
  raw(path: string, options?: CallOptions): Promise<{ readonly status: number; readonly text: string }>;
}

type Sent = CallOptions & { readonly body?: unknown; readonly type?: string; readonly accept?: readonly number[] };

/** A client over plain HTTPS requests; each gives up after `timeoutMs` (default 10 s). */
export function createKubeClient(
  network: Pick<HostNetwork, 'request' | 'requestStream'>,
  access: ClusterAccess,
  defaults: CallOptions & { readonly connections?: KeptConnections } = {},
): KubeClient {
  const send = async (method: string, path: string, sent: Sent = {}) => {
    const { body, type = 'application/json' } = sent;
    const signals = [defaults.signal, sent.signal].filter((signal) => signal !== undefined);
    const response = await network.request(access.server + path, {
      ...requestBase(access, body === undefined ? undefined : type),
      ...(defaults.connections && { connections: defaults.connections }),
      method,
      timeoutMs: sent.timeoutMs ?? defaults.timeoutMs ?? 10_000,
      ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, text: Buffer.from(response.body).toString() };
  };
  const succeed = async (method: string, path: string, sent: Sent = {}) => {
    const answer = await send(method, path, sent);
    if (answer.status < 300 || sent.accept?.includes(answer.status)) return answer;
    throw new ApiStatusError(`${method} ${path}`, answer.status, refusalOf(answer.text, answer.headers));
  };
  const stored = async <T>(method: string, path: string, sent: Sent) =>
    JSON.parse((await succeed(method, path, sent)).text) as T;
  return {
    server: access.server,
    get: async <T>(path: string, options?: CallOptions) => {
      const { status, text } = await succeed('GET', path, { ...options, accept: [404] });
      return status === 404 ? undefined : (JSON.parse(text) as T);
    },
    list: <T>(path: string, options?: CallOptions) => stored<KubeList<T>>('GET', path, { ...options }),
    create: async (path, body, options) => {
      const { status } = await succeed('POST', managed(path, options), { ...options, body, accept: [409] });
      return status !== 409;
    },
    createObject: (path, body, options) => stored('POST', managed(path, options), { ...options, body }),
    update: (path, body, options) => stored('PUT', managed(path, options), { ...options, body }),
    patch: (path, body, { type = 'merge', ...options } = {}) =>
      stored('PATCH', managed(path, options), { ...options, body, type: patchTypes[type] }),
    remove: async (path, options = {}) => {
      const body = deleteOptions(options);
      const sent = { ...options, accept: [404], ...(body === undefined ? {} : { body }) };
      return (await succeed('DELETE', path, sent)).status !== 404;
    },
    watch: <T>(path: string, options: WatchCallOptions) => {
      const signal =
        defaults.signal === undefined ? options.signal : AbortSignal.any([defaults.signal, options.signal]);
      const about = { url: access.server + path, request: { ...requestBase(access, undefined), signal } };
      return followWatch<T>(network, { ...about, ...options }, (status, text, headers) => {
        return new ApiStatusError(`WATCH ${path}`, status, refusalOf(text, headers ?? {}));
      });
    },
    raw: async (path, options) => {
      const { status, text } = await send('GET', path, { ...options });
      return { status, text };
    },
  };
}

/** Reason and message of a metav1.Status; the plain text when the answer is none (`/livez`, a proxy). */
function refusalOf(text: string, headers: Readonly<Record<string, string>>): Refusal {
  const seconds = Number(headers['retry-after'] ?? 'x');
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed) {
      const reason = 'reason' in parsed ? String(parsed.reason) : '';
      return { reason, message: String(parsed.message), retryAfterMs };
    }
  } catch {
    // Not JSON: the text itself says what there is to say.
  }
  return { reason: '', message: text.trim().slice(0, 300), retryAfterMs };
}
