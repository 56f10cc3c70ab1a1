import type { HostNetwork } from '../../host/host.ts';
import { manifestText } from './manifest-text.ts';

export type ManifestUrl = { readonly url: string; readonly headers: Readonly<Record<string, readonly string[]>> };

const timeoutMs = 10_000;
const longestBody = 10 * 1024 * 1024;
/** As many as Go's client follows. */
const mostRedirects = 10;

/** The body behind a manifest URL. Throws with the reason when there is none to be used; never names the headers. */
export async function fetchManifest(host: Pick<HostNetwork, 'request'>, source: ManifestUrl): Promise<string> {
  const first = new URL(source.url);
  let at = first;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    // Credentials are for the server that they were given for.
    const headers = at.origin === first.origin ? flat(source.headers) : {};
    const {
      status,
      headers: answered,
      body,
    } = await host.request(at.href, {
      headers,
      timeoutMs,
      maxBytes: longestBody + 1,
    });
    const location = status >= 300 && status < 400 ? answered.location : undefined;
    if (location === undefined) return bodyOf(status, body);
    at = new URL(location, at);
    if (!/^https?:$/.test(at.protocol)) throw new Error(`it redirects to ${at.protocol}, which is not followed`);
  }
  throw new Error(`it redirects more than ${mostRedirects} times`);
}

/** A URL without its user, password and query, each of which may be secret. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function bodyOf(status: number, body: Uint8Array): string {
  if (status !== 200) throw new Error(`it answers ${status}`);
  if (body.length === 0) throw new Error('it answers with nothing');
  if (body.length > longestBody) throw new Error('it answers with more than 10 MiB');
  const read = manifestText(body);
  if ('problem' in read) throw new Error(read.problem);
  return read.text;
}

function flat(headers: ManifestUrl['headers']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.join(', ')]));
}
