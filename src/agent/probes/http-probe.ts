import { messageOf } from '../../base/errors.ts';
import type { Host, HttpResponse } from '../../host/host.ts';
import { hostPort } from '../../kube/cidr.ts';
import type { HttpGetAction } from '../../kube/types.ts';
import { releaseVersion } from '../../kube/version.ts';
import { portNumber } from '../lifecycle-hooks.ts';
import type { ProbeOutcome, ProbeTarget } from './run-probe.ts';

const maxBytes = 10 * 1024;
const maxRedirects = 10;

/**
 * GET without certificate verification; 200–399 is a success. Redirects are followed on the same host only; one to
 * another host is a success (kubernetes pkg/probe/http/http.go).
 */
export async function httpProbe(
  host: Pick<Host, 'request'>,
  action: HttpGetAction,
  { address, container }: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const place = hostPort(action.host || address, portNumber(action.port, container.ports ?? []));
  const path = action.path.startsWith('/') ? action.path : `/${action.path}`;
  let url = new URL(`${action.scheme.toLowerCase()}://${place}${path}`);
  const headers = headersOf(action);
  try {
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const response = await host.request(url.href, { headers, timeoutMs, ca: false, maxBytes });
      const next = redirectOf(response, url);
      if (next === undefined) return outcomeOf(response);
      if (next.hostname !== url.hostname) return { result: 'success', message: `redirects to ${next.href}` };
      url = next;
    }
    return { result: 'failure', message: `stopped after ${maxRedirects} redirects` };
  } catch (thrown) {
    return { result: 'failure', message: messageOf(thrown) };
  }
}

/** Own headers win over the defaults; an empty value takes a default away. */
function headersOf({ httpHeaders = [] }: HttpGetAction): Readonly<Record<string, string>> {
  const minor = releaseVersion.split('.').slice(0, 2).join('.').replace(/^v/, '');
  const headers: Record<string, string> = { 'user-agent': `kube-probe/${minor}`, accept: '*/*' };
  for (const { name, value } of httpHeaders) headers[name.toLowerCase()] = value;
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
}

function redirectOf({ status, headers }: HttpResponse, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) return undefined;
  return URL.parse(headers.location, from.href) ?? undefined;
}

function outcomeOf({ status, body }: HttpResponse): ProbeOutcome {
  if (status >= 200 && status < 400) return { result: 'success', message: '' };
  const text = Buffer.from(body).toString('utf8').trim();
  return { result: 'failure', message: `HTTP status ${status}${text === '' ? '' : `: ${text}`}` };
}
