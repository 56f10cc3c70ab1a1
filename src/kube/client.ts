import type { HostNetwork, HttpRequest } from '../host/host.ts';

/** How to reach an API server and as whom: what a kubeconfig says, in PEM texts. */
export type ClusterAccess = {
  readonly server: string;
  readonly ca?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly token?: string | undefined;
  /** Whatever name the certificate is for, at the address of one of several instances; each request connects anew. */
  readonly anyName?: boolean | undefined;
};

/** The API server answered with something else than success: a `Status` object's code, reason and message. */
export class ApiStatusError extends Error {
  override readonly name = 'ApiStatusError';
  readonly status: number;
  /** `NotFound`, `AlreadyExists`, `Forbidden` …; empty when the answer was no Status object. */
  readonly reason: string;

  constructor(request: string, status: number, answer: { readonly reason: string; readonly message: string }) {
    super(`${request}: ${status} ${answer.message}`);
    this.status = status;
    this.reason = answer.reason;
  }
}

export type KubeObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
};

/** The cluster (door 3): one attempt a call, whoever calls retries. Paths are API paths, `/api/v1/namespaces`. */
export interface KubeClient {
  readonly server: string;
  /** Undefined when the object is not there. */
  get<T = unknown>(path: string): Promise<T | undefined>;
  /** Makes an object in the collection `path`; false when one of that name is there already. */
  create(path: string, object: KubeObject): Promise<boolean>;
  /** A JSON merge patch (RFC 7386) of the object at `path`. */
  patch(path: string, change: unknown): Promise<void>;
  /** False when it was gone already. */
  remove(path: string): Promise<boolean>;
  /** Status and text of any path, `/livez` among them; throws only when no answer came. */
  raw(path: string): Promise<{ readonly status: number; readonly text: string }>;
}

/** A client over plain HTTPS requests; each gives up after `timeoutMs` (default 10 s). */
export function createKubeClient(
  network: Pick<HostNetwork, 'request'>,
  access: ClusterAccess,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): KubeClient {
  const send = async (method: string, path: string, body?: unknown, type = 'application/json') => {
    const response = await network.request(access.server + path, {
      ...credentials(access),
      method,
      // A kept connection may lead to another instance than the address does by now.
      keepAlive: access.anyName !== true,
      timeoutMs: options.timeoutMs ?? 10_000,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      headers: headersOf(access, body === undefined ? undefined : type),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: Buffer.from(response.body).toString() };
  };
  const succeed = async (method: string, path: string, accept: readonly number[], body?: unknown, type?: string) => {
    const answer = await send(method, path, body, type);
    if (answer.status < 300 || accept.includes(answer.status)) return answer;
    throw new ApiStatusError(`${method} ${path}`, answer.status, statusOf(answer.text));
  };
  return {
    server: access.server,
    get: async <T>(path: string) => {
      const { status, text } = await succeed('GET', path, [404]);
      return status === 404 ? undefined : (JSON.parse(text) as T);
    },
    create: async (path, object) => (await succeed('POST', path, [409], object)).status !== 409,
    patch: async (path, change) => {
      await succeed('PATCH', path, [], change, 'application/merge-patch+json');
    },
    remove: async (path) => (await succeed('DELETE', path, [404])).status !== 404,
    raw: (path) => send('GET', path),
  };
}

function credentials(access: ClusterAccess): Pick<HttpRequest, 'ca' | 'clientCertificate' | 'clientKey' | 'anyName'> {
  return {
    ...(access.anyName ? { anyName: true } : {}),
    ...(access.ca === undefined ? {} : { ca: access.ca }),
    ...(access.clientCertificate === undefined ? {} : { clientCertificate: access.clientCertificate }),
    ...(access.clientKey === undefined ? {} : { clientKey: access.clientKey }),
  };
}

function headersOf(access: ClusterAccess, contentType: string | undefined): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': 'bootstrap',
    ...(access.token === undefined ? {} : { authorization: `Bearer ${access.token}` }),
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
  };
}

/** Reason and message of a metav1.Status; the plain text when the answer is none (`/livez`, a proxy). */
function statusOf(text: string): { readonly reason: string; readonly message: string } {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed) {
      return { reason: 'reason' in parsed ? String(parsed.reason) : '', message: String(parsed.message) };
    }
  } catch {
    // Not JSON: the text itself says what there is to say.
  }
  return { reason: '', message: text.trim().slice(0, 300) };
}
