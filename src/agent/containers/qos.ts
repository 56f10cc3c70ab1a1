import { milliValue, wholeValue } from '../../kube/quantity.ts';
import type { Container, Pod } from '../../kube/types.ts';
import { isSidecar } from '../plan/restart-policy.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const measured = ['cpu', 'memory'];

/** The pod's class by the cpu and memory requests and limits of its containers (pkg/apis/core/helper/qos ComputePodQOS). */
export function qosClass({ spec }: Pod): QosClass {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const amounts = containers.map(({ resources }) =>
    measured.map((name) => [positive(resources.requests?.[name]), positive(resources.limits?.[name])] as const),
  );
  if (amounts.flat(2).every((amount) => amount === undefined)) return 'BestEffort';
  const guaranteed = amounts.flat().every(([request, limit]) => limit !== undefined && (request ?? limit) === limit);
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

/**
 * `oom_score_adj`: −997 for node-critical and Guaranteed pods, 1000 for BestEffort, between them by the share of the
 * machine's memory that the container asks for (pkg/kubelet/qos/policy.go).
 */
export function oomScoreAdj(pod: Pod, container: Container, memoryBytes: number): number {
  if (pod.spec.priorityClassName === 'system-node-critical') return -997;
  const quality = qosClass(pod);
  if (quality === 'Guaranteed') return -997;
  if (quality === 'BestEffort') return 1000;
  const own = burstableScore(container, memoryBytes);
  if (!(pod.spec.initContainers ?? []).includes(container) || !isSidecar(container)) return own;
  return Math.min(own, ...pod.spec.containers.map((main) => burstableScore(main, memoryBytes)));
}

function burstableScore({ resources }: Container, memoryBytes: number): number {
  const request = wholeValue(resources.requests?.memory ?? '0') ?? 0;
  return Math.max(3, Math.min(999, 1000 - Math.floor((1000 * request) / memoryBytes)));
}

function positive(amount: string | undefined): number | undefined {
  const milli = amount === undefined ? 0 : (milliValue(amount) ?? 0);
  return milli > 0 ? milli : undefined;
}
