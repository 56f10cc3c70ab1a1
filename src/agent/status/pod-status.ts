import type { ContainerStatus, Pod, PodPhase, PodStatus } from '../../kube/types.ts';
import type { ObservedContainer, ObservedSandbox } from '../../runtime/runtime.ts';
import { qosClass } from '../containers/qos.ts';
import type { PodOver } from '../plan/facts.ts';
import { podConditions } from './conditions.ts';
import { containerStatus, type StatusFacts } from './container-status.ts';
import { podPhase } from './pod-phase.ts';
import { rfc3339 } from './terminated-state.ts';

export type StatusInput = {
  readonly pod: Pod;
  readonly uid: string;
  /** Newest attempt first. */
  readonly sandboxes: readonly ObservedSandbox[];
  readonly containers: readonly ObservedContainer[];
  readonly facts: StatusFacts;
  /** When we first knew of the pod. */
  readonly startMs: number;
  /** How the pod ended for good, where that is remembered. */
  readonly over?: PodOver | undefined;
  /** Why the pod is not admitted, for now. */
  readonly refused?: { readonly reason: string; readonly message: string } | undefined;
};

type Ended = Pick<PodStatus, 'phase' | 'reason' | 'message'>;

/** A pod's status as the kubelet would report it (kubelet_pods.go generateAPIPodStatus). */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, uid, containers, facts, sandboxes, startMs } = input;
  const statusOf = (container: Pod['spec']['containers'][number]) =>
    containerStatus({ pod, uid, container, containers, facts });
  const initStatuses = (pod.spec.initContainers ?? []).map(statusOf);
  const statuses = pod.spec.containers.map(statusOf);
  const sandbox = sandboxes.find(({ ready }) => ready);
  const hasInitialized = containers.some(
    ({ name, sandboxId, state }) =>
      sandboxId === sandbox?.id && state !== 'created' && pod.spec.containers.some((main) => main.name === name),
  );
  const { phase, ...why } = endOf(input, statuses, podPhase({ pod, initStatuses, statuses, hasInitialized }));
  return {
    phase,
    ...why,
    conditions: podConditions({ ...facts, pod, phase, statuses, initStatuses, sandboxes, startMs }),
    ...addresses('hostIP', facts.hostIPs),
    ...addresses('podIP', pod.spec.hostNetwork ? facts.hostIPs : (sandbox?.ips ?? [])),
    startTime: rfc3339(startMs),
    qosClass: qosClass(pod),
    ...(initStatuses.length === 0 ? {} : { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
  };
}

/**
 * The phase that the containers make, unless the pod ran out of its time first or may not begin. It is terminal only once
 * no container runs any more (status_manager.go mergePodStatus).
 */
function endOf(input: StatusInput, statuses: readonly ContainerStatus[], phase: PodPhase): Ended {
  const end = input.over ?? deadlineOf(input, statuses, phase) ?? { phase };
  const isTerminal = end.phase === 'Succeeded' || end.phase === 'Failed';
  if (isTerminal && input.containers.some(({ state }) => state === 'running')) {
    const begun = statuses.some(({ state }) => state.running !== undefined || state.terminated !== undefined);
    return { phase: begun ? 'Running' : 'Pending' };
  }
  const { refused } = input;
  return isTerminal || refused === undefined ? end : { phase, reason: refused.reason, message: refused.message };
}

function deadlineOf(
  { pod, facts, startMs }: StatusInput,
  statuses: readonly ContainerStatus[],
  phase: PodPhase,
): Ended | undefined {
  const seconds = pod.spec.activeDeadlineSeconds;
  const deadlineMs = seconds === undefined ? Number.POSITIVE_INFINITY : startMs + seconds * 1000;
  const endedInTime =
    (phase === 'Succeeded' || phase === 'Failed') &&
    statuses.every(({ state }) => Date.parse(state.terminated?.finishedAt ?? '') <= deadlineMs);
  if (facts.nowMs < deadlineMs || endedInTime) return undefined;
  // Reason and message of pkg/kubelet/active_deadline.go.
  const message = 'Pod was active on the node longer than the specified deadline';
  return { phase: 'Failed', reason: 'DeadlineExceeded', message };
}

function addresses(name: 'hostIP' | 'podIP', ips: readonly string[]) {
  const [first] = ips;
  return first === undefined ? {} : { [name]: first, [`${name}s`]: ips.map((ip) => ({ ip })) };
}
