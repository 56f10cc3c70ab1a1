import { OperationError } from '../../base/errors.ts';
import type { HttpRequest, HttpResponse } from '../../host/host.ts';
import { basicAuthorization, type Credentials } from './credentials.ts';
import { parseJsonObject, stringOf } from './image-config.ts';

/** What a registry asks for when it answers 401 (RFC 9110 11.6.1, distribution token authentication). */
export type Challenge = { readonly scheme: 'basic' | 'bearer'; readonly parameters: ReadonlyMap<string, string> };

/** The first challenge in a WWW-Authenticate header that we can meet. */
export function parseChallenge(header: string): Challenge | undefined {
  const start = /(?:^|,\s*)(bearer|basic)\b\s*/i.exec(header);
  if (start === null) return undefined;
  const parameters = new Map<string, string>();
  const rest = header.slice(start.index + start[0].length);
  for (const [, name = '', quoted, bare = ''] of rest.matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g)) {
    if (!parameters.has(name.toLowerCase())) {
      parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare);
    }
  }
  return { scheme: start[1]?.toLowerCase() === 'basic' ? 'basic' : 'bearer', parameters };
}

/**
 * The Authorization header that meets a challenge: user and password, or a token fetched with them (without them: an
 * anonymous one). Undefined when there is nothing to meet it with. Throws OperationError when no token is given.
 */
export async function meetChallenge(
  challenge: Challenge,
  at: {
    readonly repository: string;
    readonly credentials: Credentials | undefined;
    readonly request: (url: string, options: HttpRequest) => Promise<HttpResponse>;
  },
): Promise<string | undefined> {
  const { credentials } = at;
  if (challenge.scheme === 'basic') return credentials && basicAuthorization(credentials);
  const realm = challenge.parameters.get('realm') ?? '';
  if (!URL.canParse(realm) || !isSafe(new URL(realm))) {
    throw new OperationError(`the registry sends us to "${realm}" for a token, which is no https address`);
  }
  const url = new URL(realm);
  const service = challenge.parameters.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', challenge.parameters.get('scope') ?? `repository:${at.repository}:pull`);
  const headers = credentials === undefined ? {} : { authorization: basicAuthorization(credentials) };
  const response = await at.request(url.href, { headers, maxBytes: 1 << 20 });
  if (response.status !== 200) throw new OperationError(`${url.host} gives no token: HTTP ${response.status}`);
  const answer = parseJsonObject(Buffer.from(response.body).toString(), `the token answer of ${url.host}`);
  const token = stringOf(answer.token) || stringOf(answer.access_token);
  if (token === '') throw new OperationError(`${url.host} gives an answer without a token`);
  return `Bearer ${token}`;
}

/** Whether secrets may be sent there: over TLS, or without leaving this machine. */
export function isSafe(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

/** Whether a host name or address, as in a URL, is this machine itself. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
