import { milliValue, wholeValue } from '../../kube/quantity.ts';
import type { Container, Pod } from '../../kube/types.ts';
import type { PodResources } from '../../runtime/runtime.ts';
import { podRequests } from '../admission/pod-requests.ts';
import { isSidecar } from '../plan/restart-policy.ts';
import { defaultPodRules, type PodRules } from './pod-rules.ts';
import { qosClass } from './qos.ts';
import { quotaOf, sharesOf } from './resources.ts';

/** What the pod's own control group is given (kubernetes pkg/kubelet/cm/helpers_linux.go ResourceConfigForPod). */
export function podResources(pod: Pod, rules: PodRules = defaultPodRules): PodResources {
  const qos = qosClass(pod);
  const pids = rules.podPidsLimit > 0 ? { pidsLimit: rules.podPidsLimit } : {};
  if (qos === 'BestEffort') return { qos, cpuShares: sharesOf(0), ...pids };
  const cpu = podLimit(pod, 'cpu', milliValue);
  const memory = podLimit(pod, 'memory', wholeValue);
  return {
    qos,
    cpuShares: sharesOf(podRequests(pod).cpuMilli),
    ...(cpu === undefined || !rules.cpuCfsQuota ? {} : { cpuQuota: quotaOf(cpu) }),
    ...(memory === undefined ? {} : { memoryLimitBytes: memory }),
    ...pids,
  };
}

/**
 * The pod's own limit, or what all that run at the same time may use together; undefined as soon as one of the
 * containers has none (component-helpers resource PodLimits).
 */
function podLimit(
  { spec }: Pod,
  name: 'cpu' | 'memory',
  toNumber: (text: string) => number | undefined,
): number | undefined {
  const own = spec.resources?.limits?.[name];
  if (own !== undefined) return toNumber(own);
  const limitOf = ({ resources }: Container) => toNumber(resources.limits?.[name] ?? '0') ?? 0;
  const inits = spec.initContainers ?? [];
  if ([...inits, ...spec.containers].some((container) => limitOf(container) === 0)) return undefined;
  let sidecars = 0;
  let starting = 0;
  for (const container of inits) {
    const limit = limitOf(container);
    if (isSidecar(container)) sidecars += limit;
    starting = Math.max(starting, isSidecar(container) ? sidecars : sidecars + limit);
  }
  return Math.max(
    starting,
    spec.containers.reduce((total, container) => total + limitOf(container), sidecars),
  );
}
