import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { ServedRequest } from './serve.ts';

/** Who the client is by its certificate, which one of the server's client authorities has signed for clients. */
export type PeerName = {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** It was valid when the connection came about; a connection may outlive it. */
  readonly validUntilMs: number;
};

export type PeerRequest = ServedRequest & {
  /** By lower-case name; several values of one are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly peer?: PeerName;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
};

/** The request as handlers see it; undefined when its target is no path. */
export function peerRequest(request: IncomingMessage, signal: AbortSignal): PeerRequest | undefined {
  const url = targetOf(request.url);
  if (url === undefined) return undefined;
  const peer = peerOf(request.socket as TLSSocket);
  const headers = Object.entries(request.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]);
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(headers),
    ...(peer === undefined ? {} : { peer }),
    signal,
  };
}

/** What is asked for; undefined when it is no path, as a proxy would be asked. */
export function targetOf(target = '/'): URL | undefined {
  return target.startsWith('/') ? (URL.parse(`https://localhost${target}`) ?? undefined) : undefined;
}

/** Of several common names the last counts, as in Go (crypto/x509/pkix, FillFromRDNSequence). */
function peerOf(socket: TLSSocket): PeerName | undefined {
  if (!socket.authorized) return undefined;
  const { subject, valid_to } = socket.getPeerCertificate();
  // Node gives a list where a name has several of a kind, whatever its types say.
  const { CN, O } = (subject ?? {}) as { readonly CN?: string | string[]; readonly O?: string | string[] };
  const commonName = [CN ?? ''].flat().at(-1) ?? '';
  if (commonName === '') return undefined;
  return { commonName, organizations: [O ?? []].flat(), validUntilMs: Date.parse(valid_to) };
}
