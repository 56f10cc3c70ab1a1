import type { Container, EnvVar, Pod } from '../../kube/types.ts';
import { expandVariables } from './expand.ts';
import { fieldValue, type PodAddresses } from './field-ref.ts';
import { type NodeCapacity, resourceValue } from './resource-ref.ts';

/** The values of `fileKeyRef` by the name of the variable; one that is not there is left out. */
export type FileValues = ReadonlyMap<string, string>;

export type EnvironmentInput = {
  readonly pod: Pod;
  readonly container: Container;
  readonly addresses: PodAddresses;
  readonly node: NodeCapacity;
  readonly fileValues: FileValues;
};

/**
 * The environment of a container by name, in the order given: later entries win, and see the earlier ones by `$(NAME)`
 * (kubelet_pods.go makeEnvironmentVariables). No variables of services: without an API server none are known, so
 * `enableServiceLinks` changes nothing. Throws for a reference that cannot be resolved.
 */
export function containerEnvironment(input: EnvironmentInput): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const entry of input.container.env ?? []) {
    const value = variableValue(entry, variables, input);
    if (value !== undefined) variables.set(entry.name, value);
  }
  return variables;
}

function variableValue(
  entry: EnvVar,
  variables: ReadonlyMap<string, string>,
  input: EnvironmentInput,
): string | undefined {
  const { fieldRef, resourceFieldRef, fileKeyRef } = entry.valueFrom ?? {};
  if (entry.valueFrom === undefined) return expandVariables(entry.value ?? '', variables);
  if (fieldRef !== undefined) return fieldValue(input.pod, fieldRef.fieldPath, input.addresses);
  if (resourceFieldRef !== undefined) {
    return resourceValue(input.pod, input.container, resourceFieldRef, input.node);
  }
  if (fileKeyRef !== undefined) return input.fileValues.get(entry.name);
  throw new Error(
    `env ${entry.name}: only value, fieldRef, resourceFieldRef and fileKeyRef can be used in a static pod`,
  );
}
