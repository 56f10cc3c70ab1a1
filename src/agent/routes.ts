import type { ServedRequest, ServedResponse, ServeHandler } from '../host/serve.ts';
import { type AgentStatus, agentPaths } from '../kube/agent-socket.ts';

/** What the routes need of the agent. */
export type AgentView = {
  status(): AgentStatus;
  /** Resolves when the status says something. */
  looked(): Promise<void>;
  look(): Promise<void>;
  stop(): void;
};

type Route = (agent: AgentView) => Promise<ServedResponse> | ServedResponse;

const json = 'application/json';

const routes: Readonly<Record<string, Route>> = {
  [`GET ${agentPaths.healthz}`]: () => ({ status: 200, body: 'ok' }),
  [`GET ${agentPaths.status}`]: async (agent) => {
    await agent.looked();
    return { status: 200, contentType: json, body: JSON.stringify(agent.status()) };
  },
  [`GET ${agentPaths.pods}`]: async (agent) => {
    await agent.looked();
    return { status: 200, contentType: json, body: JSON.stringify(podList(agent)) };
  },
  [`POST ${agentPaths.look}`]: async (agent) => {
    await agent.look();
    return { status: 200, body: 'ok' };
  },
  [`POST ${agentPaths.stop}`]: (agent) => {
    agent.stop();
    return { status: 202, body: 'ok' };
  },
};

/** The requests served on agent.sock. */
export function agentRoutes(agent: AgentView): ServeHandler {
  return async (request) => (await routeOf(request)?.(agent)) ?? notFound(request);
}

/** The one request served on the loopback port, as the kubelet's :10248. */
export const healthRoute: ServeHandler = async (request) =>
  request.path === agentPaths.healthz ? { status: 200, body: 'ok' } : notFound(request);

function routeOf({ method, path }: ServedRequest): Route | undefined {
  return Object.hasOwn(routes, `${method} ${path}`) ? routes[`${method} ${path}`] : undefined;
}

function notFound({ method, path }: ServedRequest): ServedResponse {
  return { status: 404, body: `${method} ${path} is not served here\n` };
}

function podList(agent: AgentView) {
  return { apiVersion: 'v1', kind: 'PodList', metadata: {}, items: agent.status().pods.map(({ pod }) => pod) };
}
