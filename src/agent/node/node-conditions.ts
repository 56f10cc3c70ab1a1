import type { NodeCondition } from '../../kube/node-types.ts';
import type { MachineResources } from './node-resources.ts';

/** What decides about the Node's conditions. */
export type NodeHealth = {
  readonly resources: MachineResources;
  /** Why the agent or its runtime cannot do their work. */
  readonly problem: string | undefined;
};

/** The kubelet's hard eviction thresholds (pkg/kubelet/apis/config/v1beta1/defaults_linux.go); nothing is evicted here. */
const memoryLeftBytes = 100 * 1024 * 1024;
const diskLeftPart = 0.1;

type Fact = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>;

/**
 * The kubelet's four conditions, Ready last (pkg/kubelet/nodestatus/setters.go). Ready follows runtime and agent, not
 * the network of pods. A condition that stays as it was keeps its lastTransitionTime.
 */
export function nodeConditions(
  health: NodeHealth,
  before: readonly NodeCondition[],
  nowMs: number,
): readonly NodeCondition[] {
  const now = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  return factsOf(health).map((fact) => {
    const old = before.find(({ type }) => type === fact.type);
    const since = old?.status === fact.status ? old.lastTransitionTime : now;
    return { ...fact, lastHeartbeatTime: now, lastTransitionTime: since };
  });
}

function factsOf({ resources, problem }: NodeHealth): readonly Fact[] {
  const { memoryAvailableBytes, diskBytes, diskFreeBytes } = resources;
  const memoryLow = memoryAvailableBytes < memoryLeftBytes;
  const diskLow = diskBytes > 0 && diskFreeBytes < diskBytes * diskLeftPart;
  return [
    memoryLow
      ? condition('MemoryPressure', true, 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available')
      : condition('MemoryPressure', false, 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    diskLow
      ? condition('DiskPressure', true, 'KubeletHasDiskPressure', 'kubelet has disk pressure')
      : condition('DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    condition('PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    problem === undefined
      ? condition('Ready', true, 'KubeletReady', 'kubelet is posting ready status')
      : condition('Ready', false, 'KubeletNotReady', problem),
  ];
}

function condition(type: string, holds: boolean, reason: string, message: string): Fact {
  return { type, status: holds ? 'True' : 'False', reason, message };
}
