import { milliValue, wholeValue } from '../../kube/quantity.ts';
import type { Container, Pod } from '../../kube/types.ts';
import { isSidecar } from '../plan/restart-policy.ts';

/** What a pod asks of the node. */
export type Requests = { readonly cpuMilli: number; readonly memoryBytes: number };

export const noRequests: Requests = { cpuMilli: 0, memoryBytes: 0 };

/**
 * The requests of a pod: of all that run at the same time, or of the greediest init container with the sidecars before
 * it (component-helpers resource PodRequests). A request that is not given is the limit.
 */
export function podRequests({ spec }: Pod): Requests {
  let sidecars = noRequests;
  let starting = noRequests;
  for (const container of spec.initContainers ?? []) {
    if (isSidecar(container)) sidecars = sum(sidecars, requestsOf(container));
    starting = most(starting, isSidecar(container) ? sidecars : sum(sidecars, requestsOf(container)));
  }
  const running = spec.containers.reduce((total, container) => sum(total, requestsOf(container)), sidecars);
  const { cpuMilli, memoryBytes } = most(starting, running);
  const own = { ...spec.resources?.limits, ...spec.resources?.requests };
  return {
    cpuMilli: own.cpu === undefined ? cpuMilli : (milliValue(own.cpu) ?? 0),
    memoryBytes: own.memory === undefined ? memoryBytes : (wholeValue(own.memory) ?? 0),
  };
}

function requestsOf({ resources }: Container): Requests {
  const { cpu = '0', memory = '0' } = { ...resources.limits, ...resources.requests };
  return { cpuMilli: milliValue(cpu) ?? 0, memoryBytes: wholeValue(memory) ?? 0 };
}

function sum(a: Requests, b: Requests): Requests {
  return { cpuMilli: a.cpuMilli + b.cpuMilli, memoryBytes: a.memoryBytes + b.memoryBytes };
}

function most(a: Requests, b: Requests): Requests {
  return { cpuMilli: Math.max(a.cpuMilli, b.cpuMilli), memoryBytes: Math.max(a.memoryBytes, b.memoryBytes) };
}
