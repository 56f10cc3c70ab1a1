import { type AgentView, healthzRoutes, readOnlyRoutes } from '../../agent/routes.ts';
import type { AgentSettings } from '../../agent/settings/settings.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { type ServeHandler, type Serving, serveHttp } from '../../host/serve.ts';

/** The TCP ports of an agent, and what could not be served. */
export type AgentPorts = { readonly problems: readonly string[]; close(): Promise<void> };

type Port = {
  readonly what: string;
  readonly address: string;
  readonly port: number;
  readonly handler: ServeHandler;
};

/** Serves what the settings ask for. A port that is taken costs only what it would have shown. */
export async function serveAgentPorts(settings: AgentSettings, view: AgentView, log: Log): Promise<AgentPorts> {
  const { healthzAddress, healthzPort, address, readOnlyPort } = settings;
  const wanted: readonly Port[] = [
    { what: '/healthz', address: healthzAddress, port: healthzPort, handler: healthzRoutes(view) },
    { what: 'the read-only port', address, port: readOnlyPort, handler: readOnlyRoutes(view) },
  ];
  const problems: string[] = [];
  const open: Serving[] = [];
  for (const { what, handler, ...where } of wanted) {
    if (where.port === 0) continue;
    try {
      open.push(await serveHttp(where, handler));
    } catch (thrown) {
      const problem = `${what} is not served: ${messageOf(thrown)}`;
      problems.push(problem);
      log.warn(problem);
    }
  }
  return { problems, close: async () => void (await Promise.all(open.map((serving) => serving.close()))) };
}
