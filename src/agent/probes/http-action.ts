import { hostPort } from '../../kube/cidr.ts';
import type { ContainerPort, HttpGetAction } from '../../kube/types.ts';
import { releaseVersion } from '../../kube/version.ts';

/** What an httpGet action asks, ready to be sent. */
export type HttpGet = { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/**
 * The request of an httpGet action, `address` standing in for a missing host (kubernetes pkg/probe/http/request.go).
 * Throws when its port has a name that the container does not know.
 */
export function httpGetOf(
  action: HttpGetAction,
  target: { readonly address: string; readonly ports: readonly ContainerPort[] },
  who: 'probe' | 'lifecycle',
): HttpGet {
  // Kept by the annotation of an agent that knew no default.
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const place = hostPort(action.host || target.address, portNumber(action.port, target.ports));
  const path = action.path ?? '/';
  return { url: `${scheme}://${place}${path.startsWith('/') ? '' : '/'}${path}`, headers: headersOf(action, who) };
}

/** `kube-probe/1.37`. */
export function userAgent(who: 'probe' | 'lifecycle'): string {
  const [major, minor] = releaseVersion.replace(/^v/, '').split('.');
  return `kube-${who}/${major}.${minor}`;
}

/** A port by number or by its name among the container's; throws when the name is unknown. */
export function portNumber(port: number | string, ports: readonly ContainerPort[]): number {
  if (typeof port === 'number') return port;
  const named = ports.find(({ name }) => name === port)?.containerPort;
  if (named === undefined) throw new Error(`port "${port}" not found: the container has no port of this name`);
  return named;
}

/** The action's own headers win over ours; an empty User-Agent, Accept or Host is not sent at all. */
function headersOf({ httpHeaders = [] }: HttpGetAction, who: 'probe' | 'lifecycle'): Readonly<Record<string, string>> {
  const headers = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const { name, value } of httpHeaders) {
    const known = headers.get(name.toLowerCase());
    if (known === undefined) headers.set(name.toLowerCase(), { name, values: [value] });
    else known.values.push(value);
  }
  const own = { 'user-agent': { name: 'User-Agent', value: userAgent(who) }, accept: { name: 'Accept', value: '*/*' } };
  for (const [key, { name, value }] of Object.entries(own)) {
    if (!headers.has(key)) headers.set(key, { name, values: [value] });
  }
  const emptyIsNone = ['user-agent', 'accept', 'host'];
  return Object.fromEntries(
    [...headers]
      .map(([key, { name, values }]) => [key, name, values.join(', ')] as const)
      .filter(([key, , value]) => value !== '' || !emptyIsNone.includes(key))
      .map(([, name, value]) => [name, value]),
  );
}
