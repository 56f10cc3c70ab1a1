import { milliValue, wholeValue } from '../../kube/quantity.ts';
import type { Container, Pod, ResourceFieldRef } from '../../kube/types.ts';

/** What a container gets when it has no limit of its own. */
export type NodeCapacity = { readonly cpuCount: number; readonly memoryBytes: number };

/**
 * The value of a `resourceFieldRef`: the amount in units of the divisor, rounded up; without a limit the node's
 * (kubernetes pkg/api/v1/resource ExtractContainerResourceValue). Throws for what it cannot refer to.
 */
export function resourceValue(pod: Pod, own: Container, ref: ResourceFieldRef, node: NodeCapacity): string {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const container = !ref.containerName ? own : all.find(({ name }) => name === ref.containerName);
  if (container === undefined) throw new Error(`resourceFieldRef: there is no container ${ref.containerName}`);
  const [kind, ...rest] = ref.resource.split('.');
  const resource = rest.join('.');
  if (kind !== 'limits' && kind !== 'requests') throw new Error(`resourceFieldRef: unknown resource ${ref.resource}`);
  const given = container.resources[kind]?.[resource];
  const amount = given ?? (kind === 'limits' ? nodeLimit(resource, node) : '0');
  const divisor = ref.divisor === undefined || ref.divisor === '0' ? '1' : ref.divisor;
  const unit = resource === 'cpu' ? milliValue : wholeValue;
  return String(Math.ceil((unit(amount) ?? 0) / (unit(divisor) ?? 1)));
}

function nodeLimit(resource: string, node: NodeCapacity): string {
  if (resource === 'cpu') return String(node.cpuCount);
  return resource === 'memory' ? String(node.memoryBytes) : '0';
}
