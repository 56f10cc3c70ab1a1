import type { FieldErrors, FieldPath } from '../field-errors.ts';
import { isQualifiedName } from '../names.ts';
import { nanoOf } from '../quantity.ts';
import type { Container, PodSpec, ResourceRequirements } from '../types.ts';
import { checks } from './checks.ts';

const standard = ['cpu', 'memory', 'ephemeral-storage'];

/** Requests and limits of a container or, with `ofPod`, of the pod (validateResourceRequirements). */
export function validateResources(
  { limits = {}, requests = {} }: ResourceRequirements,
  path: FieldPath,
  { errors, ofPod = false }: { readonly errors: FieldErrors; readonly ofPod?: boolean },
): void {
  for (const [kind, amounts] of [['limits', limits] as const, ['requests', requests] as const]) {
    for (const [name, amount] of Object.entries(amounts)) {
      const at = [...path, kind, name];
      validateResourceName(name, at, { errors, ofPod });
      if (nanoOf(amount) < 0n) errors.invalid(at, amount, 'must be greater than or equal to 0');
      if (!isOvercommitted(name) && isExtended(name) && nanoOf(amount) % 1_000_000_000n !== 0n) {
        errors.invalid(at, amount, 'must be an integer');
      }
      validateHugePages(name, amount, { path: at, errors });
    }
  }
  for (const [name, request] of Object.entries(requests)) {
    const at = [...path, 'requests', name];
    const limit = limits[name];
    if (limit === undefined) {
      if (!isOvercommitted(name))
        errors.required([...path, 'limits', name], 'non overcommitable resources need a limit');
    } else if (nanoOf(request) > nanoOf(limit)) {
      errors.invalid(at, request, `must be less than or equal to ${name} limit of ${limit}`);
    } else if (nanoOf(request) !== nanoOf(limit) && !isOvercommitted(name)) {
      errors.invalid(at, request, `must be equal to ${name} limit of ${limit}`);
    }
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (
    names.some((name) => name.startsWith('hugepages-')) &&
    !names.some((name) => name === 'cpu' || name === 'memory')
  ) {
    errors.forbidden(path, 'HugePages require cpu or memory');
  }
}

type ResizePolicy = { readonly resourceName?: string; readonly restartPolicy?: string };

/** What a change of resources in place would do to the container (validateResizePolicy). */
export function validateResizePolicy(
  container: Container,
  path: FieldPath,
  { errors, spec }: { readonly errors: FieldErrors; readonly spec: PodSpec },
): void {
  const { resizePolicy = [] } = container as { readonly resizePolicy?: readonly ResizePolicy[] };
  const check = checks(errors);
  for (const [index, { resourceName, restartPolicy }] of resizePolicy.entries()) {
    const at = [...path, 'resizePolicy', index];
    check.oneOf([...at, 'resourceName'], resourceName, ['cpu', 'memory']);
    check.oneOf([...at, 'restartPolicy'], restartPolicy, ['NotRequired', 'RestartContainer']);
    if (resizePolicy.findIndex((other) => other.resourceName === resourceName) < index)
      errors.duplicate(at, resourceName);
    if (spec.restartPolicy === 'Never' && restartPolicy !== 'NotRequired')
      errors.invalid(at, restartPolicy, "must be 'NotRequired' when the pod's restartPolicy is 'Never'");
  }
}

/** `hugepages-2Mi` come in pieces of 2Mi. */
function validateHugePages(
  name: string,
  amount: string,
  { path, errors }: { readonly path: FieldPath; readonly errors: FieldErrors },
): void {
  if (!name.startsWith('hugepages-')) return;
  const size = nanoOf(name.slice('hugepages-'.length));
  if (size <= 0n || nanoOf(amount) % size !== 0n)
    errors.invalid(path, amount, `is not a positive integer multiple of ${name}`);
}

function validateResourceName(
  name: string,
  path: FieldPath,
  { errors, ofPod }: { readonly errors: FieldErrors; readonly ofPod: boolean },
): void {
  const hugePages = /^hugepages-/.test(name);
  if (!isQualifiedName(name)) errors.invalid(path, name, 'must be a qualified name');
  else if (ofPod && !hugePages && name !== 'cpu' && name !== 'memory') {
    errors.unsupported(path, name, ['cpu', 'memory', 'hugepages-']);
  } else if (!name.includes('/') && !hugePages && !standard.includes(name)) {
    errors.invalid(path, name, 'must be a standard resource for containers');
  } else if (name.includes('/') && !isOvercommitted(name) && !isExtended(name)) {
    errors.invalid(path, name, "doesn't follow extended resource name standard");
  }
}

/** Requests may be below limits for native resources other than huge pages (helper.IsOvercommitAllowed). */
function isOvercommitted(name: string): boolean {
  return (!name.includes('/') || /(^|\.)kubernetes\.io\//.test(name)) && !name.startsWith('hugepages-');
}

function isExtended(name: string): boolean {
  return name.includes('/') && !/(^|\.)kubernetes\.io\//.test(name) && !name.startsWith('requests.');
}
