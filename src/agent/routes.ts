import { PreflightError } from '../base/errors.ts';
import type { ServedRequest, ServedResponse, ServeHandler } from '../host/serve.ts';
import { type AgentStatus, agentPaths } from '../kube/agent-socket.ts';
import type { OverlapRequest, PodRequests } from './claims/pod-requests.ts';
import { expositionType } from './metrics/registry.ts';

/** What the routes need of the agent. */
export type AgentView = {
  status(): AgentStatus;
  /** Resolves when the status says something. */
  looked(): Promise<void>;
  look(): Promise<void>;
  /** What a rollout asks for one pod. */
  requests(): Pick<PodRequests, 'overlap' | 'stay' | 'stopOld' | 'restart'>;
  stop(): void;
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
  /** Why the agent cannot do its work at all, undefined when it can. */
  unhealthy(): string | undefined;
};

type Route = (agent: AgentView, query: URLSearchParams) => Promise<ServedResponse> | ServedResponse;
type Routes = Readonly<Record<string, Route>>;

const json = 'application/json';

const healthRoutes: Routes = {
  [`GET ${agentPaths.healthz}`]: health,
  [`GET ${agentPaths.healthz}/ping`]: () => ({ status: 200, body: 'ok' }),
  [`GET ${agentPaths.healthz}/syncloop`]: health,
};

/** What only reads. */
const readRoutes: Routes = {
  ...healthRoutes,
  [`GET ${agentPaths.pods}`]: async (agent) => {
    await agent.looked();
    return { status: 200, contentType: json, body: JSON.stringify(podList(agent)) };
  },
  [`GET ${agentPaths.metrics}`]: async (agent) => ({
    status: 200,
    contentType: expositionType,
    body: await agent.metrics(),
  }),
};

const socketRoutes: Routes = {
  ...readRoutes,
  [`GET ${agentPaths.status}`]: async (agent) => {
    await agent.looked();
    return { status: 200, contentType: json, body: JSON.stringify(agent.status()) };
  },
  [`POST ${agentPaths.look}`]: async (agent) => {
    await agent.look();
    return { status: 200, body: 'ok' };
  },
  [`POST ${agentPaths.overlap}`]: asked(async (requests, query) => {
    await requests.overlap(claimed(query));
  }),
  [`POST ${agentPaths.stay}`]: asked(async (requests, query) => {
    await requests.stay({ ...claimed(query), place: query.get('place') ?? '' });
  }),
  [`POST ${agentPaths.stopOld}`]: asked((requests, query) => requests.stopOld(query.get('file') ?? '')),
  [`POST ${agentPaths.restart}`]: asked((requests, query) => requests.restart(query.get('file') ?? '')),
  [`POST ${agentPaths.stop}`]: (agent) => {
    agent.stop();
    return { status: 202, body: 'ok' };
  },
};

/** The requests served on agent.sock. */
export const agentRoutes = (agent: AgentView): ServeHandler => serving(socketRoutes, agent);

/** The requests served on the kubelet's read-only port. */
export const readOnlyRoutes = (agent: AgentView): ServeHandler => serving(readRoutes, agent);

/** The requests served on the loopback port, as the kubelet's :10248. */
export const healthzRoutes = (agent: AgentView): ServeHandler => serving(healthRoutes, agent);

function serving(routes: Routes, agent: AgentView): ServeHandler {
  return async (request) => (await routeOf(routes, request)?.(agent, request.query)) ?? notFound(request);
}

/** A request that changes something: refused with 409 and the reason. Its answer, if any, is JSON. */
function asked(act: (requests: ReturnType<AgentView['requests']>, query: URLSearchParams) => Promise<unknown>): Route {
  return async (agent, query) => {
    await agent.looked();
    try {
      const answer = await act(agent.requests(), query);
      return { status: 200, contentType: json, body: JSON.stringify(answer ?? {}) };
    } catch (thrown) {
      if (!(thrown instanceof PreflightError)) throw thrown;
      return { status: 409, body: thrown.message };
    }
  };
}

function claimed(query: URLSearchParams): OverlapRequest {
  const holder = { pid: Number(query.get('pid')), startTicks: query.get('startTicks') ?? '' };
  return { file: query.get('file') ?? '', holder, forMs: Number(query.get('forMs')) };
}

/** Status and text as the kubelet's, so that what watches a kubelet watches this agent too. */
export function health(agent: Pick<AgentView, 'unhealthy'>): ServedResponse {
  const problem = agent.unhealthy();
  if (problem === undefined) return { status: 200, body: 'ok' };
  return { status: 500, body: `[+]ping ok\n[-]syncloop failed: ${problem}\nhealthz check failed\n` };
}

function routeOf(routes: Routes, { method, path }: ServedRequest): Route | undefined {
  return Object.hasOwn(routes, `${method} ${path}`) ? routes[`${method} ${path}`] : undefined;
}

function notFound({ method, path }: ServedRequest): ServedResponse {
  return { status: 404, body: `${method} ${path} is not served here\n` };
}

/** What the agent knows of pods, as the API's list of them. */
export function podList(agent: Pick<AgentView, 'status'>) {
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: agent.status().pods.map(({ pod }) => pod) };
}
