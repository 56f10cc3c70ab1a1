import type { FieldErrors } from '../field-errors.ts';
import { isQualifiedName } from '../names.ts';
import type { Pod } from '../types.ts';
import { checks, qualifiedNameForm } from './checks.ts';

const annotationSizeLimit = 256 * 1024;
const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];
const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';

/** metadata: name, namespace, labels, annotations, owners (ValidateObjectMeta, ValidatePodSpecificAnnotations). */
export function validateMetadata(pod: Pod, errors: FieldErrors): void {
  const check = checks(errors);
  const { metadata } = pod;
  if (!metadata.name) errors.required(['metadata', 'name'], 'a static pod needs a name');
  else check.dnsSubdomain(['metadata', 'name'], metadata.name);
  check.dnsLabel(['metadata', 'namespace'], metadata.namespace);
  check.labels(['metadata', 'labels'], metadata.labels);
  validateAnnotations(pod, errors);
  for (const [index, finalizer] of (
    (metadata as { readonly finalizers?: readonly string[] }).finalizers ?? []
  ).entries()) {
    const path = ['metadata', 'finalizers', index];
    if (!finalizer.includes('/') && !standardFinalizers.includes(finalizer))
      errors.invalid(path, finalizer, 'must be a standard finalizer or a name with a prefix, such as example.com/keep');
    else check.qualifiedName(path, finalizer);
  }
  for (const [index, owner] of (metadata.ownerReferences ?? []).entries()) {
    for (const name of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (!owner[name]) errors.required(['metadata', 'ownerReferences', index, name]);
    }
  }
}

function validateAnnotations({ metadata, spec }: Pod, errors: FieldErrors): void {
  const path = ['metadata', 'annotations'];
  const containers = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name);
  let size = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    size += key.length + value.length;
    if (!isQualifiedName(key.toLowerCase())) errors.invalid([...path, key], key, qualifiedNameForm);
    if (key.startsWith(appArmorPrefix)) {
      const container = key.slice(appArmorPrefix.length);
      if (!containers.includes(container)) errors.invalid([...path, key], container, 'container not found');
      const profile = /^(runtime\/default|unconfined|localhost\/.+)?$/;
      if (!profile.test(value)) errors.invalid([...path, key], value, 'invalid AppArmor profile name');
    }
  }
  if (size > annotationSizeLimit) errors.error(path, `too long: may not be more than ${annotationSizeLimit} bytes`);
  const cost = metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'];
  if (cost !== undefined && !/^(0|-?[1-9]\d{0,9})$/.test(cost)) {
    errors.invalid([...path, 'controller.kubernetes.io/pod-deletion-cost'], cost, 'must be a 32bit integer');
  }
}
