import type { FieldErrors, FieldPath } from '../field-errors.ts';
import { isQualifiedName } from '../names.ts';
import { parseQuantity } from '../quantity.ts';
import type { ResourceRequirements } from '../types.ts';

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

function nanoOf(amount: string): bigint {
  return parseQuantity(amount)?.nano ?? 0n;
}
