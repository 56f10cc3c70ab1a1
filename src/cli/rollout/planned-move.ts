import type { AgentConfiguration } from '../../agent/settings/configuration.ts';
import type { Paths } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import type { Host } from '../../host/host.ts';
import type { AgentStatus } from '../../kube/agent-socket.ts';
import { otherPods, planMove } from '../../rollout/move/plan-move.ts';
import type { RuntimeMove } from '../../rollout/types.ts';
import { chooseRuntime } from '../../runtime/open.ts';
import type { RuntimePlace } from '../../runtime/place.ts';

/** Whether the pods of a plane move to another container runtime; asks no runtime. */
export async function plannedMove(input: {
  readonly host: Host;
  readonly config: Config;
  readonly paths: Paths;
  readonly status: AgentStatus | undefined;
  /** What agent.yaml says. */
  readonly configured: AgentConfiguration['runtime'];
}): Promise<RuntimeMove | undefined> {
  const { host, config, paths, status } = input;
  const { runtime } = config.bootstrap;
  if (runtime.type === 'auto') return undefined;
  const wanted = await chooseRuntime({ host, runtime });
  return planMove({ config, present: presentPlace(input), wanted, others: otherPods(status, paths) });
}

/** What runs counts before what is written: an agent may not have been started again since. */
function presentPlace({
  status,
  configured,
}: Pick<Parameters<typeof plannedMove>[0], 'status' | 'configured'>): RuntimePlace | undefined {
  const { type, endpoint } = configured ?? {};
  const runs = status?.runtime.type;
  if (runs === 'docker' || runs === 'cri' || runs === 'process') {
    return { type: runs, ...(runs === type && endpoint !== undefined && { endpoint }) };
  }
  if (type === undefined || type === 'auto') return undefined;
  return { type, ...(endpoint !== undefined && { endpoint }) };
}
