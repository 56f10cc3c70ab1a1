import { join } from 'node:path';
import { messageOf, OperationError } from '../base/errors.ts';
import type { Paths } from '../config/paths.ts';
import type { HostFiles, HostNetwork, HttpRequest } from '../host/host.ts';

/** Where etcd answers clients (`https://127.0.0.1:2379`), and as whom to ask; PEM texts. */
export type EtcdAccess = {
  readonly endpoint: string;
  readonly ca?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
};

/** etcd over its JSON gateway (etcd api/v3 rpc.proto): numbers of 64 bits are strings, bytes are base64. */
export type EtcdClient = {
  readonly endpoint: string;
  call<T>(method: string, body?: unknown): Promise<T>;
  /** A call that answers with several messages. */
  stream<T>(method: string, body?: unknown): AsyncIterable<T>;
};

/** etcd answered, but not with what was asked for. */
export class EtcdStatusError extends OperationError {
  /** No call works: the gateway that we ask through is not there. */
  readonly gatewayIsOff: boolean;

  constructor(what: string, status: number, text: string) {
    // Go's own words stand in for any of the gateway's answers, which are JSON.
    const off = status === 404 && text.trim() === '404 page not found';
    super(`${what}: ${off ? 'etcd’s JSON gateway is turned off' : text.trim().slice(0, 300) || `HTTP ${status}`}`, {
      ...(off && { hint: 'take enable-grpc-gateway out of etcd.local.extraArgs, its default is true' }),
    });
    this.gatewayIsOff = off;
  }
}

/** The pairs below the certificates directory that etcd accepts of a client, the one for such work first. */
const clientPairs = ['etcd/healthcheck-client', 'apiserver-etcd-client'];

/** Reads the CA and the first client pair that is there. Throws when a file is missing. */
export async function readEtcdAccess(
  host: Pick<HostFiles, 'readText'>,
  { certificatesDir }: Pick<Paths, 'certificatesDir'>,
  endpoint: string,
): Promise<EtcdAccess> {
  if (endpoint.startsWith('http:')) return { endpoint };
  const text = (name: string) => host.readText(join(certificatesDir, name));
  const ca = await text('etcd/ca.crt');
  if (ca === undefined) throw new OperationError(`${certificatesDir}/etcd/ca.crt is not there`);
  for (const pair of clientPairs) {
    const [clientCertificate, clientKey] = await Promise.all([text(`${pair}.crt`), text(`${pair}.key`)]);
    if (clientCertificate === undefined || clientKey === undefined) continue;
    return { endpoint, ca, clientCertificate, clientKey };
  }
  const names = clientPairs.map((pair) => `${certificatesDir}/${pair}.crt`).join(' or ');
  throw new OperationError(`no client certificate for etcd: neither ${names} is there with its key`);
}

/** A client of one member; each call gives up after `timeoutMs` (default 10 s; of a stream: to its end, default none). */
export function createEtcdClient(
  network: Pick<HostNetwork, 'request' | 'requestStream'>,
  access: EtcdAccess,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): EtcdClient {
  const { endpoint, ...identity } = access;
  const { timeoutMs, signal } = options;
  const request = (body: unknown): HttpRequest => ({
    ...identity,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    connectTimeoutMs: 5_000,
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    endpoint,
    call: async <T>(method: string, body: unknown = {}) => {
      const { status, body: answer } = await network.request(`${endpoint}/v3/${method}`, {
        ...request(body),
        timeoutMs: timeoutMs ?? 10_000,
      });
      const text = Buffer.from(answer).toString();
      if (status !== 200) throw new EtcdStatusError(`etcd ${method}`, status, messageIn(text));
      return JSON.parse(text) as T;
    },
    stream: async function* <T>(method: string, body: unknown = {}) {
      const limit = timeoutMs === undefined ? {} : { timeoutMs };
      const answer = await network.requestStream(`${endpoint}/v3/${method}`, { ...request(body), ...limit });
      for await (const line of linesOf(answer.body)) {
        if (answer.status !== 200) throw new EtcdStatusError(`etcd ${method}`, answer.status, messageIn(line));
        const { result, error } = parsed(line, method) as { readonly result?: T; readonly error?: unknown };
        if (error !== undefined) throw new EtcdStatusError(`etcd ${method}`, answer.status, messageIn(line));
        if (result !== undefined) yield result;
      }
    },
  };
}

function parsed(line: string, method: string): unknown {
  try {
    return JSON.parse(line);
  } catch (thrown) {
    throw new OperationError(`etcd ${method}: the answer was cut off`, { cause: thrown });
  }
}

/** `{"code": 5, "message": "…"}`, in a stream inside of `error`; the text itself when it is neither. */
function messageIn(text: string): string {
  try {
    const found = JSON.parse(text) as { readonly message?: string; readonly error?: { readonly message?: string } };
    return found.message ?? found.error?.message ?? text;
  } catch (thrown) {
    return text === '' ? messageOf(thrown) : text;
  }
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const newline = 10;
  let rest: readonly Uint8Array[] = [];
  for await (const chunk of body) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, end)]).toString();
      [rest, from] = [[], end + 1];
      if (line.trim() !== '') yield line;
    }
    rest = [...rest, chunk.subarray(from)];
  }
  const last = Buffer.concat(rest).toString();
  if (last.trim() !== '') yield last;
}
