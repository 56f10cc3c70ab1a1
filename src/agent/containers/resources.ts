import { milliValue, wholeValue } from '../../kube/quantity.ts';
import type { Container, Pod } from '../../kube/types.ts';
import type { ContainerResources } from '../../runtime/runtime.ts';
import { defaultPodRules, type PodRules } from './pod-rules.ts';
import { oomScoreAdj } from './qos.ts';

type Given = { readonly memoryBytes: number; readonly rules?: PodRules | undefined };

/**
 * Requests and limits in the kernel's terms (kubernetes pkg/kubelet/cm/helpers_linux.go, kuberuntime
 * generateLinuxContainerResources); quota per 100 ms, in µs. A container without a limit has the pod's own.
 */
export function containerResources(pod: Pod, container: Container, { memoryBytes, rules }: Given): ContainerResources {
  const { requests = {}, limits = {} } = container.resources;
  const shared = pod.spec.resources?.limits ?? {};
  const cpuLimit = milliOf(limits.cpu) || milliOf(shared.cpu);
  const memoryLimit = bytesOf(limits.memory) || bytesOf(shared.memory);
  const { cpuCfsQuota } = rules ?? defaultPodRules;
  return {
    cpuShares: sharesOf(requests.cpu === undefined ? cpuLimit : milliOf(requests.cpu)),
    ...(cpuLimit === 0 || !cpuCfsQuota ? {} : { cpuQuota: quotaOf(cpuLimit) }),
    ...(memoryLimit === 0 ? {} : { memoryLimitBytes: memoryLimit }),
    oomScoreAdj: oomScoreAdj(pod, container, memoryBytes),
  };
}

/** CPU shares of thousandths of a CPU: 1024 a CPU, 2 at least. */
export function sharesOf(milliCpu: number): number {
  return Math.min(262_144, Math.max(2, Math.floor((milliCpu * 1024) / 1000)));
}

/** Microseconds of each 100 ms; the kernel takes no less than 1 ms. */
export function quotaOf(milliCpu: number): number {
  return Math.max(1000, milliCpu * 100);
}

function milliOf(amount: string | undefined): number {
  return amount === undefined ? 0 : (milliValue(amount) ?? 0);
}

function bytesOf(amount: string | undefined): number {
  return amount === undefined ? 0 : (wholeValue(amount) ?? 0);
}
