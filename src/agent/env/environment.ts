import type { Container, EnvVar, Pod } from '../../kube/types.ts';
import { expandVariables } from './expand.ts';
import { fieldValue, type PodAddresses } from './field-ref.ts';
import { type NodeCapacity, resourceValue } from './resource-ref.ts';

export type EnvironmentInput = {
  readonly pod: Pod;
  readonly container: Container;
  readonly addresses: PodAddresses;
  readonly node: NodeCapacity;
};

/**
 * The environment of a container by name, in the order given: later entries win, and see the earlier ones by `$(NAME)`
 * (kubelet_pods.go makeEnvironmentVariables). Throws for a reference that cannot be resolved.
 */
export function containerEnvironment(input: EnvironmentInput): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const entry of input.container.env ?? []) variables.set(entry.name, variableValue(entry, variables, input));
  return variables;
}

function variableValue(entry: EnvVar, variables: ReadonlyMap<string, string>, input: EnvironmentInput): string {
  const { fieldRef, resourceFieldRef } = entry.valueFrom ?? {};
  if (entry.valueFrom === undefined) return expandVariables(entry.value ?? '', variables);
  if (fieldRef !== undefined) return fieldValue(input.pod, fieldRef.fieldPath, input.addresses);
  if (resourceFieldRef !== undefined) {
    return resourceValue(input.pod, input.container, resourceFieldRef, input.node);
  }
  throw new Error(`env ${entry.name}: only value, fieldRef and resourceFieldRef can be used in a static pod here`);
}
