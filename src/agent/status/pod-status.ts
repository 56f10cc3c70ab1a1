import type { ContainerStatus, Pod, PodPhase, PodStatus } from '../../kube/types.ts';
import type { ObservedContainer, ObservedSandbox } from '../../runtime/runtime.ts';
import { qosClass } from '../containers/qos.ts';
import { initFailed } from '../plan/pod-end.ts';
import { isSidecar, restartsAfter } from '../plan/restart-policy.ts';
import { podConditions } from './conditions.ts';
import { containerStatus, rfc3339, type StatusFacts } from './container-status.ts';

export type StatusInput = {
  readonly pod: Pod;
  readonly uid: string;
  readonly sandboxes: readonly ObservedSandbox[];
  readonly containers: readonly ObservedContainer[];
  readonly facts: StatusFacts;
  /** When we first knew of the pod. */
  readonly startMs: number;
};

/** A pod's status as the kubelet would report it (kubelet_pods.go generateAPIPodStatus), but without transition times. */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, uid, containers, facts, sandboxes } = input;
  const { initContainers = [], containers: mains } = pod.spec;
  const initStatuses = initContainers.map((container) =>
    containerStatus({ pod, uid, container, containers, facts, waitingReason: 'PodInitializing' }),
  );
  const initialized = isInitialized(pod, initStatuses, containers);
  const waitingReason = initialized || initContainers.length === 0 ? 'ContainerCreating' : 'PodInitializing';
  const statuses = mains.map((container) => containerStatus({ pod, uid, container, containers, facts, waitingReason }));
  const phase = phaseOf({ pod, statuses, initialized, containers });
  const sandbox = sandboxes.find(({ ready }) => ready);
  const podIPs = pod.spec.hostNetwork ? facts.hostIPs : (sandbox?.ips ?? []);
  return {
    phase,
    conditions: podConditions({ pod, phase, initialized, statuses, initStatuses, hasSandbox: sandbox !== undefined }),
    ...addresses('hostIP', facts.hostIPs),
    ...addresses('podIP', podIPs),
    startTime: rfc3339(input.startMs),
    qosClass: qosClass(pod),
    ...(initStatuses.length === 0 ? {} : { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
  };
}

function isInitialized(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  containers: readonly ObservedContainer[],
): boolean {
  const mainSeen = containers.some(({ name }) => pod.spec.containers.some((main) => main.name === name));
  if (mainSeen) return true;
  return initStatuses.every((status, index) => {
    const container = pod.spec.initContainers?.[index];
    return container !== undefined && isSidecar(container) ? status.started : status.state.terminated?.exitCode === 0;
  });
}

/** The rules of kubelet_pods.go getPhase: a container that waits for its restart counts as stopped. */
function phaseOf(input: {
  readonly pod: Pod;
  readonly statuses: readonly ContainerStatus[];
  readonly initialized: boolean;
  readonly containers: readonly ObservedContainer[];
}): PodPhase {
  const { pod, statuses, initialized, containers } = input;
  if (initFailed(pod, containers)) return 'Failed';
  if (!initialized) return 'Pending';
  if (statuses.some(({ state, lastState }) => state.waiting && !lastState.terminated)) return 'Pending';
  if (statuses.some(({ state }) => state.running)) return 'Running';
  const ends = statuses.map(({ state, lastState }) => (state.terminated ?? lastState.terminated)?.exitCode);
  const restarts = pod.spec.containers.some((container, index) => restartsAfter(pod, container, ends[index]));
  if (restarts) return 'Running';
  return ends.every((exitCode) => exitCode === 0) ? 'Succeeded' : 'Failed';
}

function addresses(name: 'hostIP' | 'podIP', ips: readonly string[]) {
  const [first] = ips;
  return first === undefined ? {} : { [name]: first, [`${name}s`]: ips.map((ip) => ({ ip })) };
}
