import type { AgentPod, AgentStatus } from '../../kube/agent-socket.ts';
import type { ContainerStatus } from '../../kube/types.ts';
import { gauge } from './families.ts';
import type { Family } from './registry.ts';

/** What can be told from the status as it is now: series of pods that are gone go with them. */
export function statusGauges(status: AgentStatus): readonly Family[] {
  const { pods, rejected, nodeName, version, runtime } = status;
  const desired = pods.filter(({ file }) => file !== undefined);
  // Series are by name: of two instances of one pod the desired one counts.
  const single = pods.filter(({ overlap }) => overlap === undefined);
  const states = Map.groupBy(pods.flatMap(statusesOf), stateOf);
  return [
    gauge('kubelet_node_name', "The node's name. The count is always 1.", () => [
      { labels: { node: nodeName }, value: 1 },
    ]),
    gauge('kubelet_running_pods', 'Number of pods that have a running pod sandbox.', () => [
      { value: pods.filter(hasSandbox).length },
    ]),
    gauge('kubelet_running_containers', 'Number of containers by their state.', () =>
      ['created', 'exited', 'running', 'unknown'].map((state) => ({
        labels: { container_state: state },
        value: states.get(state)?.length ?? 0,
      })),
    ),
    gauge('kubelet_desired_pods', 'The number of pods the agent is being instructed to run.', () => [
      { labels: { static: 'true' }, value: desired.length },
    ]),
    gauge('kubelet_active_pods', 'The number of pods the agent considers active.', () => [
      { labels: { static: 'true' }, value: desired.filter((entry) => !isOver(entry)).length },
    ]),
    gauge('kubelet_working_pods', 'Number of pods the agent is actually running, by lifecycle.', () => [
      working('sync', 'desired', desired.filter((entry) => !isOver(entry)).length),
      working('terminated', 'desired', desired.filter(isOver).length),
      working('terminating', 'orphan', pods.length - desired.length),
    ]),
    gauge('bootstrap_agent_info', 'The version of the agent and its container runtime. Always 1.', () => [
      { labels: { version, runtime: runtime.type, runtime_version: runtime.version }, value: 1 },
    ]),
    gauge('bootstrap_agent_runtime_up', 'Whether the container runtime answered when it was last asked.', () => [
      { value: runtime.error === undefined ? 1 : 0 },
    ]),
    gauge('bootstrap_agent_rejected_manifests', 'Manifests that are not run as they are.', () => [
      { value: rejected.length },
    ]),
    gauge('bootstrap_agent_failing_pods', 'Pods whose last action failed and is tried again.', () => [
      { value: pods.filter(({ lastError }) => lastError !== undefined).length },
    ]),
    gauge('bootstrap_agent_container_restarts', 'How often a container of a present pod was restarted.', () =>
      single.flatMap((entry) =>
        statusesOf(entry).map(({ name, restartCount }) => ({
          labels: { ...podLabels(entry), container: name },
          value: restartCount,
        })),
      ),
    ),
    gauge('bootstrap_agent_pod_ready', 'Whether a present pod is ready.', () =>
      single.map((entry) => ({ labels: podLabels(entry), value: isReady(entry) ? 1 : 0 })),
    ),
  ];
}

function working(lifecycle: string, config: string, value: number) {
  return { labels: { config, lifecycle, static: 'true' }, value };
}

function podLabels({ pod }: AgentPod) {
  return { namespace: pod.metadata.namespace, pod: pod.metadata.name };
}

function statusesOf({ pod }: AgentPod): readonly ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

function stateOf({ state, containerID }: ContainerStatus): string {
  if (state.running !== undefined) return 'running';
  if (containerID === undefined) return 'none';
  return state.terminated !== undefined || state.waiting?.reason === 'CrashLoopBackOff' ? 'exited' : 'created';
}

function hasSandbox({ pod }: AgentPod): boolean {
  return (pod.status?.conditions ?? []).some(
    ({ type, status }) => type === 'PodReadyToStartContainers' && status === 'True',
  );
}

function isReady({ pod }: AgentPod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

function isOver({ pod }: AgentPod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
