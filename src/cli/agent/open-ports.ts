import type { AgentView } from '../../agent/routes.ts';
import { messageOf } from '../../base/errors.ts';
import { type AgentPorts, serveAgentPorts } from './agent-ports.ts';
import type { AgentSession, AgentSetup } from './agent-session.ts';

/** Serves all ports of an agent; what cannot be served is a problem of its own. */
export async function openPorts(setup: AgentSetup, session: AgentSession, view: AgentView): Promise<AgentPorts> {
  const open = await Promise.all([
    serveAgentPorts(session.settings, view, setup.log),
    kubeletApi(setup, session, view),
  ]);
  return {
    problems: open.flatMap(({ problems }) => problems),
    close: async () => void (await Promise.all(open.map((ports) => ports.close()))),
  };
}

/** The kubelet's API is the API server's: without one it has nobody to serve. */
async function kubeletApi(setup: AgentSetup, session: AgentSession, view: AgentView): Promise<AgentPorts> {
  const { node, settings } = session;
  const none = { problems: [], close: async () => {} };
  if (node === undefined || settings.kubeletPort === 0) return none;
  try {
    const { openKubeletApi } = await import('./kubelet-api.ts');
    const mirrorUid = (key: string) => node.view.mirrorUid(key);
    const about = { ...setup, ...setup.context, ...session, view, api: node.api, mirrorUid };
    const ports = await openKubeletApi({ ...about, serving: await node.serving() });
    if (ports.problems.length > 0) node.notServed();
    return ports;
  } catch (thrown) {
    node.notServed();
    const problem = `the kubelet's API is not served: ${messageOf(thrown)}`;
    setup.log.warn(problem);
    return { ...none, problems: [problem] };
  }
}
