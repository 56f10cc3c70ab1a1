import type { PeerRequest } from '../../host/peer-request.ts';
import type { PeerResponse } from '../../host/peer-response.ts';
import { expositionType } from '../metrics/registry.ts';
import { type AgentView, health, podList } from '../routes.ts';
import type { AgentSettings } from '../settings/settings.ts';
import { configz } from './configz.ts';
import { containerLogs, type LogDoors } from './container-logs.ts';
import { type ForwardDoors, forwardPorts } from './port-forward.ts';
import { attachContainer, type CommandDoors, execCommand } from './remote-command.ts';
import { runningPods } from './running-pods.ts';
import type { StreamProtocols, StreamRuntime, Upgrade } from './streams.ts';
import type { UsageSource } from './usage/usage-source.ts';

export type RouteDoors = LogDoors &
  CommandDoors &
  ForwardDoors & {
    readonly runtime: StreamRuntime;
    readonly protocols: StreamProtocols;
    readonly view: Pick<AgentView, 'status' | 'looked' | 'metrics' | 'unhealthy'> & { probeMetrics(): string };
    readonly usage: Pick<UsageSource, 'metrics' | 'summary'>;
    readonly settings: AgentSettings;
  };

/** `at`: what stands in the places of `*`, decoded. */
type Answer = (doors: RouteDoors, request: PeerRequest, at: readonly string[]) => Promise<PeerResponse> | PeerResponse;
type Take = (doors: RouteDoors, request: PeerRequest, at: readonly string[]) => Promise<PeerResponse | Upgrade>;

/** A path of the kubelet's (kubelet.md 7): answered, or its connection taken. */
export type Route = { readonly path: string; readonly answer: Answer } | { readonly path: string; readonly take: Take };

const routes: readonly Route[] = [
  { path: '/healthz', answer: ({ view }) => health(view) },
  { path: '/healthz/ping', answer: () => ({ status: 200, body: 'ok' }) },
  { path: '/healthz/syncloop', answer: ({ view }) => health(view) },
  { path: '/pods', answer: pods },
  { path: '/runningpods', answer: async ({ runtime }) => json(runningPods(await runtime.observePods())) },
  { path: '/containerLogs/*/*/*', answer: containerLogs },
  { path: '/metrics', answer: async ({ view }) => exposed(await view.metrics()) },
  { path: '/metrics/resource', answer: async ({ usage }) => exposed(await usage.metrics()) },
  { path: '/metrics/probes', answer: ({ view }) => exposed(view.probeMetrics()) },
  { path: '/stats/summary', answer: summary },
  { path: '/configz', answer: ({ settings }) => json(configz(settings)) },
  { path: '/exec/*/*/*', take: execCommand },
  { path: '/exec/*/*/*/*', take: execCommand },
  { path: '/attach/*/*/*', take: attachContainer },
  { path: '/attach/*/*/*/*', take: attachContainer },
  { path: '/portForward/*/*', take: forwardPorts },
  { path: '/portForward/*/*/*', take: forwardPorts },
];

/** The route of a path and what stands in its open places. */
export function findRoute(path: string): { readonly route: Route; readonly at: readonly string[] } | undefined {
  const parts = path.replace(/\/$/, '').split('/');
  for (const route of routes) {
    const pattern = route.path.split('/');
    if (pattern.length !== parts.length) continue;
    if (!pattern.every((word, index) => word === parts[index] || (word === '*' && parts[index] !== ''))) continue;
    const at = decoded(parts.filter((_, index) => pattern[index] === '*'));
    return at && { route, at };
  }
  return undefined;
}

function decoded(parts: readonly string[]): readonly string[] | undefined {
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

async function pods({ view }: RouteDoors): Promise<PeerResponse> {
  await view.looked();
  return json(podList(view));
}

async function summary({ usage }: RouteDoors, { query }: PeerRequest): Promise<PeerResponse> {
  const asked = query.get('only_cpu_and_memory');
  return json(await usage.summary(asked === 'true' || asked === '1'));
}

function json(value: unknown): PeerResponse {
  return { status: 200, contentType: 'application/json', body: JSON.stringify(value) };
}

function exposed(body: string): PeerResponse {
  return { status: 200, contentType: expositionType, body };
}
