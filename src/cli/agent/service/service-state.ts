import type { AgentStatus } from '../../../kube/agent-socket.ts';
import { isReady } from '../../status/status-report.ts';

/** What the service manager is told of the agent. */
export type ServiceState = {
  /** For people, one line. */
  readonly status: string;
  /** A number that is another one whenever the agent's circle has gone round. */
  readonly rounds: number;
};

type AskedAgent = { readonly rounds: number; status(): Pick<AgentStatus, 'pods' | 'runtime' | 'rejected'> };

/** The agent as `systemctl status` shows it. */
export function serviceState(agent: AskedAgent): ServiceState {
  const { pods, runtime, rejected } = agent.status();
  const wanted = pods.filter(({ file }) => file !== undefined);
  const parts = [
    `${wanted.filter(isReady).length} of ${wanted.length} pods ready`,
    runtime.error === undefined
      ? `runtime ${runtime.name} ${runtime.version}`.trimEnd()
      : 'the runtime does not answer',
    ...(rejected.length === 0 ? [] : [`${rejected.length} manifests refused`]),
  ];
  return { status: parts.join(', '), rounds: agent.rounds };
}
