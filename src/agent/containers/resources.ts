import { milliValue, wholeValue } from '../../kube/quantity.ts';
import type { Container, Pod } from '../../kube/types.ts';
import type { ContainerResources } from '../../runtime/runtime.ts';
import { oomScoreAdj } from './qos.ts';

/** Requests and limits in the kernel's terms (kubernetes pkg/kubelet/cm/helpers_linux.go); quota per 100 ms, in µs. */
export function containerResources(pod: Pod, container: Container, memoryBytes: number): ContainerResources {
  const { requests = {}, limits = {} } = container.resources;
  const cpuLimit = milliOf(limits.cpu);
  const memoryLimit = limits.memory === undefined ? 0 : (wholeValue(limits.memory) ?? 0);
  return {
    cpuShares: sharesOf(milliOf(requests.cpu ?? limits.cpu)),
    ...(cpuLimit === 0 ? {} : { cpuQuota: Math.max(1000, cpuLimit * 100) }),
    ...(memoryLimit === 0 ? {} : { memoryLimitBytes: memoryLimit }),
    oomScoreAdj: oomScoreAdj(pod, container, memoryBytes),
  };
}

function sharesOf(milliCpu: number): number {
  return Math.min(262_144, Math.max(2, Math.floor((milliCpu * 1024) / 1000)));
}

function milliOf(amount: string | undefined): number {
  return amount === undefined ? 0 : (milliValue(amount) ?? 0);
}
