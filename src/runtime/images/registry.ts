import { createHash } from 'node:crypto';
import { messageOf, OperationError } from '../../base/errors.ts';
import type { Host, HttpRequest } from '../../host/host.ts';
import type { Credentials } from './credentials.ts';
import { objectsOf, parseJsonObject, stringOf } from './image-config.ts';
import { manifestMediaTypes } from './manifest.ts';
import type { ImageReference } from './reference.ts';
import { isLoopbackHost, isSafe, meetChallenge, parseChallenge } from './registry-auth.ts';

/** Contract 2: a pull is given up after this time without a connection. */
const connectTimeoutMs = 5000;
const answerTimeoutMs = 60_000;
const maxRedirects = 5;
const documentLimit = 4 << 20;

type Streamed = Awaited<ReturnType<Host['requestStream']>>;

export type RegistryOptions = {
  readonly host: Pick<Host, 'request' | 'requestStream'>;
  readonly reference: ImageReference;
  /** Asked for once, when the registry wants to know who we are. */
  readonly credentials: () => Promise<Credentials | undefined>;
  readonly signal?: AbortSignal;
};

/**
 * One repository of an OCI registry, for reading (distribution-spec 1.1). Written here since the client libraries there
 * are on npm (docker-registry-client, oci-registry-client) are unkept or bring an HTTP stack of their own.
 */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #base: string;
  #authorization: string | undefined;

  private constructor(options: RegistryOptions, base: string) {
    this.#options = options;
    this.#base = base;
  }

  /** Finds out how to speak with the registry: TLS, or plain HTTP where it is this machine and has no TLS. */
  static async connect(options: RegistryOptions): Promise<Registry> {
    const { registry } = options.reference;
    const address = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
    try {
      const url = `https://${address}/v2/`;
      await options.host.request(url, requestOptions(options, url, { maxBytes: 1, timeoutMs: answerTimeoutMs }));
    } catch (cause) {
      const spokePlain = /wrong version number|packet length too long|EPROTO|ECONNRESET/i.test(codeAndText(cause));
      if (spokePlain && isLoopbackHost(new URL(`http://${address}`).hostname)) {
        return new Registry(options, `http://${address}`);
      }
      throw new OperationError(`no registry at ${address}: ${messageOf(cause)}`, { cause });
    }
    return new Registry(options, `https://${address}`);
  }

  /** A manifest or index by tag or digest, with the digest that it really has. */
  async manifest(tagOrDigest: string): Promise<{ document: Record<string, unknown>; digest: string }> {
    const what = `manifest ${tagOrDigest}`;
    const body = await this.#document(`manifests/${tagOrDigest}`, what, { accept: manifestMediaTypes.join(', ') });
    const digest = digestOf(body);
    if (tagOrDigest.startsWith('sha256:')) verifyDigest(what, digest, tagOrDigest);
    return { document: parseJsonObject(body.toString(), what), digest };
  }

  /** A small blob, verified. */
  async smallBlob(digest: string): Promise<Buffer> {
    const body = await this.#document(`blobs/${digest}`, `blob ${digest}`, {});
    verifyDigest(`blob ${digest}`, digestOf(body), digest);
    return body;
  }

  /** A blob from a byte on; `status` 206 says that the registry did begin there, 200 that it begins at 0. */
  blob(digest: string, from: number, signal: AbortSignal): Promise<Streamed> {
    const headers = from > 0 ? { range: `bytes=${from}-` } : {};
    return this.#get(`blobs/${digest}`, `blob ${digest}`, { headers, signal });
  }

  async #document(path: string, what: string, headers: Readonly<Record<string, string>>): Promise<Buffer> {
    const { body } = await this.#get(path, what, { headers, timeoutMs: answerTimeoutMs });
    return readLimited(body, what);
  }

  async #get(path: string, what: string, options: HttpRequest): Promise<Streamed> {
    const url = `${this.#base}/v2/${this.#options.reference.repository}/${path}`;
    const first = await this.#follow(url, options);
    if (first.status !== 401) return accepted(first, what);
    await discard(first.body);
    const challenge = parseChallenge(first.headers['www-authenticate'] ?? '');
    const authorization = challenge && (await this.#authorize(challenge));
    if (authorization === undefined) {
      throw new OperationError(`${this.#base} wants to know who we are`, {
        hint: 'log in with `docker login`, or import the image from an archive',
      });
    }
    this.#authorization = authorization;
    return accepted(await this.#follow(url, options), what);
  }

  async #authorize(challenge: NonNullable<ReturnType<typeof parseChallenge>>): Promise<string | undefined> {
    const { host, reference, credentials } = this.#options;
    return meetChallenge(challenge, {
      repository: reference.repository,
      credentials: await credentials(),
      request: (url, options) =>
        host.request(url, requestOptions(this.#options, url, { timeoutMs: answerTimeoutMs, ...options })),
    });
  }

  /** Registries send blobs from elsewhere; our login goes to the registry alone. */
  async #follow(start: string, options: HttpRequest): Promise<Streamed> {
    let url = start;
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const own = new URL(url).origin === new URL(start).origin;
      const authorization = own && this.#authorization !== undefined ? { authorization: this.#authorization } : {};
      const headers = { ...options.headers, ...authorization };
      const response = await this.#options.host.requestStream(
        url,
        requestOptions(this.#options, url, { ...options, headers }),
      );
      const { location } = response.headers;
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
      await discard(response.body);
      const next = new URL(location, url);
      if (!isSafe(next)) throw new OperationError(`the registry sends us to ${next.origin}, which is not https`);
      url = next.href;
    }
    throw new OperationError(`${start} redirects again and again`);
  }
}

/** Throws when a thing has another digest than it should. */
export function verifyDigest(what: string, actual: string, expected: string): void {
  if (actual !== expected) throw new OperationError(`${what} came with the digest ${actual}: damaged or tampered with`);
}

function requestOptions({ signal }: RegistryOptions, url: string, options: HttpRequest): HttpRequest {
  const signals = [signal, options.signal].filter((one) => one !== undefined);
  return {
    connectTimeoutMs,
    // No proxy leads to this machine.
    throughProxy: !isLoopbackHost(new URL(url).hostname),
    ...options,
    ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
  };
}

async function accepted(response: Streamed, what: string): Promise<Streamed> {
  if (response.status === 200 || response.status === 206) return response;
  const text = (await readLimited(response.body, what)).toString();
  const [error] = text.startsWith('{') ? objectsOf(parseJsonObject(text, what).errors) : [];
  const said = error === undefined ? '' : ` (${stringOf(error.code)}: ${stringOf(error.message)})`;
  const meanings: Readonly<Record<number, string>> = {
    401: 'access denied',
    403: 'access denied',
    404: 'the registry does not have it',
    429: 'too many pulls; try again later or log in',
  };
  throw new OperationError(
    `${what}: ${meanings[response.status] ?? 'the registry fails'}, HTTP ${response.status}${said}`,
  );
}

async function readLimited(body: AsyncIterable<Uint8Array>, what: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > documentLimit) throw new OperationError(`${what} is larger than ${documentLimit >> 20} MiB`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _piece of body) break;
}

function digestOf(data: Buffer): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

function codeAndText(thrown: unknown): string {
  return `${thrown instanceof Error && 'code' in thrown ? thrown.code : ''} ${messageOf(thrown)}`;
}
