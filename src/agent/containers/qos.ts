import { milliValue, wholeValue } from '../../kube/quantity.ts';
import type { Container, Pod, ResourceRequirements } from '../../kube/types.ts';
import { isSidecar } from '../plan/restart-policy.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const measured = ['cpu', 'memory'];

/**
 * The pod's class by its own cpu and memory requests and limits, or else by those of its containers
 * (pkg/apis/core/helper/qos ComputePodQOS).
 */
export function qosClass({ spec }: Pod): QosClass {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const own = hasAmounts(spec.resources) ? [spec.resources] : containers.map(({ resources }) => resources);
  const amounts = own.map((resources) =>
    measured.map((name) => [positive(resources?.requests?.[name]), positive(resources?.limits?.[name])] as const),
  );
  if (amounts.flat(2).every((amount) => amount === undefined)) return 'BestEffort';
  const guaranteed = amounts.flat().every(([request, limit]) => limit !== undefined && (request ?? limit) === limit);
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

/**
 * `oom_score_adj`: −997 for node-critical and Guaranteed pods, 1000 for BestEffort, between them by the share of the
 * machine's memory that the container asks for (pkg/kubelet/qos/policy.go). A sidecar goes no sooner than a main one.
 */
export function oomScoreAdj(pod: Pod, container: Container, memoryBytes: number): number {
  if (pod.spec.priorityClassName === 'system-node-critical') return -997;
  const quality = qosClass(pod);
  if (quality === 'Guaranteed') return -997;
  if (quality === 'BestEffort') return 1000;
  const extra = unassignedBytes(pod);
  const scoreOf = (own: Container) => burstableScore(requestedBytes(own) + extra, memoryBytes);
  const isOwnSidecar = (pod.spec.initContainers ?? []).includes(container) && isSidecar(container);
  const own = scoreOf(container);
  return isOwnSidecar ? Math.min(own, Math.max(...pod.spec.containers.map(scoreOf))) : own;
}

function burstableScore(requestBytes: number, memoryBytes: number): number {
  return Math.max(3, Math.min(999, 1000 - Math.floor((1000 * requestBytes) / memoryBytes)));
}

/** What the pod as a whole asks for and no container does, shared among them. */
function unassignedBytes({ spec }: Pod): number {
  const whole = spec.resources?.requests?.memory ?? spec.resources?.limits?.memory;
  if (whole === undefined) return 0;
  const sharers = [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers];
  const assigned = sharers.reduce((total, container) => total + requestedBytes(container), 0);
  return Math.max(0, Math.floor(((wholeValue(whole) ?? 0) - assigned) / sharers.length));
}

function requestedBytes({ resources }: Container): number {
  return wholeValue(resources.requests?.memory ?? resources.limits?.memory ?? '0') ?? 0;
}

function hasAmounts(resources: ResourceRequirements | undefined): resources is ResourceRequirements {
  const named = [...Object.keys(resources?.requests ?? {}), ...Object.keys(resources?.limits ?? {})];
  return named.some((name) => measured.includes(name) || name.startsWith('hugepages-'));
}

function positive(amount: string | undefined): number | undefined {
  const milli = amount === undefined ? 0 : (milliValue(amount) ?? 0);
  return milli > 0 ? milli : undefined;
}
