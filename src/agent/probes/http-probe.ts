import { messageOf } from '../../base/errors.ts';
import type { Host, HttpResponse } from '../../host/host.ts';
import type { TlsSessions } from '../../host/tls-sessions.ts';
import type { HttpGetAction } from '../../kube/types.ts';
import { httpGetOf } from './http-action.ts';
import type { ProbeOutcome, ProbeTarget } from './run-probe.ts';

const maxBytes = 10 * 1024;
const maxRedirects = 10;

export type HttpProbeDoors = { readonly host: Pick<Host, 'request'>; readonly tls?: TlsSessions };

/**
 * GET without certificate verification, each over a connection of its own; 200–399 is a success. Redirects are followed
 * on the same host only; where one leads elsewhere or nowhere, that is a success with a warning (kubernetes
 * pkg/probe/http/http.go). Throws when the action's port is unknown.
 */
export async function httpProbe(
  doors: HttpProbeDoors,
  action: HttpGetAction,
  { address, container }: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const { url, headers } = httpGetOf(action, { address, ports: container.ports ?? [] }, 'probe');
  try {
    return await follow(doors, { url, headers, endsMs: performance.now() + timeoutMs, timeoutMs });
  } catch (thrown) {
    return { result: 'failure', message: `Get "${url}": ${messageOf(thrown)}` };
  }
}

type Asking = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly endsMs: number;
  readonly timeoutMs: number;
};

/** All redirects together have the probe's one timeout. */
async function follow({ host, tls }: HttpProbeDoors, asking: Asking): Promise<ProbeOutcome> {
  const resume = tls === undefined ? {} : { resume: tls };
  let url = asking.url;
  for (let redirects = 0; redirects < maxRedirects; redirects++) {
    // The first has all of it, to the millisecond.
    const timeoutMs = redirects === 0 ? asking.timeoutMs : Math.max(1, Math.ceil(asking.endsMs - performance.now()));
    const response = await host.request(url, { headers: asking.headers, timeoutMs, ca: false, maxBytes, ...resume });
    const next = redirectOf(response, url);
    if (next === undefined || next.hostname !== new URL(asking.url).hostname) return outcomeOf(response);
    url = next.href;
  }
  throw new Error(`stopped after ${maxRedirects} redirects`);
}

function redirectOf({ status, headers }: HttpResponse, from: string): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) return undefined;
  return URL.parse(headers.location, from) ?? undefined;
}

function outcomeOf({ status, headers, body }: HttpResponse): ProbeOutcome {
  if (status >= 200 && status < 300) return { result: 'success', message: '' };
  if (status >= 300 && status < 400) {
    const to = headers.location === undefined ? '' : ` at one to ${headers.location}`;
    return { result: 'success', message: '', warning: `Probe terminated redirects${to}` };
  }
  const text = Buffer.from(body).toString('utf8').trim();
  const message = `HTTP probe failed with statuscode: ${status}`;
  return { result: 'failure', message: text === '' ? message : `${message}: ${text}` };
}
