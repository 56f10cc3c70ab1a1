import type { FieldErrors } from './field-errors.ts';
import type { Pod } from './types.ts';
import { validateContainers } from './validate-pod/containers.ts';
import { validateMetadata } from './validate-pod/metadata.ts';
import { refuseReferences } from './validate-pod/references.ts';
import { validatePodSecurity } from './validate-pod/security.ts';
import { validateSpec } from './validate-pod/spec.ts';
import { validateVolumes } from './validate-pod/volumes.ts';

/**
 * Adds what the API server would say on creating the pod (ValidatePodCreate, pkg/apis/core/validation, v1.37), and what the
 * kubelet refuses in a static pod: all of it, not the first.
 */
export function validatePod(pod: Pod, errors: FieldErrors): void {
  const { spec } = pod;
  const named = (spec.volumes ?? []).filter(({ name }) => Boolean(name));
  const scope = { errors, spec, volumes: new Map(named.map((volume) => [volume.name, volume])) };
  validateMetadata(pod, errors);
  validateVolumes(scope);
  validateContainers(scope);
  validateSpec(spec, errors);
  validatePodSecurity(spec, errors);
  refuseReferences(pod, errors);
}
