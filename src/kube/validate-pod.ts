import type { FieldErrors } from './field-errors.ts';
import type { Pod } from './types.ts';
import { validateAffinity } from './validate-pod/affinity.ts';
import { validateContainers } from './validate-pod/containers.ts';
import { validateMetadata } from './validate-pod/metadata.ts';
import { validateOperatingSystem } from './validate-pod/operating-system.ts';
import { validatePodResources } from './validate-pod/pod-resources.ts';
import { validateProfileAnnotations } from './validate-pod/profile-annotations.ts';
import { refuseReferences } from './validate-pod/references.ts';
import { validatePodSecurity } from './validate-pod/security.ts';
import { validateSpec } from './validate-pod/spec.ts';
import { validateTopology } from './validate-pod/topology.ts';
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
  validatePodResources(spec, errors);
  validateAffinity(spec, errors);
  validateTopology(spec, errors);
  validatePodSecurity(spec, errors);
  validateOperatingSystem(spec, errors);
  validateProfileAnnotations(pod, errors);
  refuseReferences(pod, errors);
}
