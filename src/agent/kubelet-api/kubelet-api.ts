import { warnOnce } from '../../base/log.ts';
import type { PeerRequest } from '../../host/peer-request.ts';
import type { PeerResponse } from '../../host/peer-response.ts';
import { serveTls, type TlsMaterial, type TlsServing } from '../../host/serve-tls.ts';
import { admitRequest, type Guards } from './admit-request.ts';
import { type AuthDoors, Authenticator } from './authenticate.ts';
import { Authorizer } from './authorize.ts';
import { findRoute, type Route, type RouteDoors } from './routes.ts';
import type { Upgrade } from './streams.ts';
import { type UsageDoors, UsageSource } from './usage/usage-source.ts';

export type KubeletApiDoors = Omit<RouteDoors, 'usage'> & UsageDoors & AuthDoors;

/**
 * The kubelet's API: who asks is told first, then whether it may, then what. Throws when it cannot listen there
 * (`EADDRINUSE` …) or certificate and key are of no use.
 */
export async function serveKubeletApi(
  given: KubeletApiDoors,
  where: { readonly address: string; readonly port: number },
  material: TlsMaterial,
): Promise<TlsServing> {
  // What cannot be done is asked for again and again.
  const log = { ...given.log, warn: warnOnce(given.log) };
  const doors = { ...given, log };
  const guards: Guards = {
    authenticator: new Authenticator(doors),
    authorizer: new Authorizer(doors, doors.nodeName),
    log,
  };
  const all: RouteDoors = { ...doors, usage: new UsageSource(doors) };
  return serveTls(where, material, {
    answer: async (request) => (await admitRequest(guards, request)) ?? answer(all, request),
    upgrades: (path) => isStream(findRoute(path)?.route),
    upgrade: async (request) => (await admitRequest(guards, request)) ?? take(all, request),
  });
}

function isStream(route: Route | undefined): boolean {
  return route !== undefined && 'take' in route;
}

const notFound: PeerResponse = { status: 404, body: '404 page not found\n' };

async function answer(doors: RouteDoors, request: PeerRequest): Promise<PeerResponse> {
  const found = findRoute(request.path);
  if (found === undefined) return notFound;
  if ('take' in found.route)
    return refuseMethod(request, streamMethods) ?? { status: 400, body: 'Upgrade request required' };
  return refuseMethod(request, ['GET']) ?? found.route.answer(doors, request, found.at);
}

/** WebSockets begin with GET, SPDY with POST. */
const streamMethods = ['GET', 'POST'];

async function take(doors: RouteDoors, request: PeerRequest): Promise<PeerResponse | Upgrade> {
  const found = findRoute(request.path);
  if (found === undefined || !('take' in found.route)) return notFound;
  return refuseMethod(request, streamMethods) ?? found.route.take(doors, request, found.at);
}

function refuseMethod({ method }: PeerRequest, allowed: readonly string[]): PeerResponse | undefined {
  if (allowed.includes(method)) return undefined;
  return { status: 405, body: 'Method Not Allowed', headers: { allow: allowed.join(', ') } };
}
