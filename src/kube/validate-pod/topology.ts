import type { FieldErrors, FieldPath } from '../field-errors.ts';
import type { PodSpec } from '../types.ts';
import { validateMatchLabelKeys } from './affinity.ts';
import { checks } from './checks.ts';
import { type LabelSelector, validateLabelSelector } from './selectors.ts';

type Constraint = {
  readonly maxSkew?: number;
  readonly topologyKey?: string;
  readonly whenUnsatisfiable?: string;
  readonly labelSelector?: LabelSelector;
  readonly minDomains?: number;
  readonly nodeAffinityPolicy?: string;
  readonly nodeTaintsPolicy?: string;
  readonly matchLabelKeys?: readonly string[];
};

/** How pods are spread (validateTopologySpreadConstraints); for a static pod it says nothing, but may be written. */
export function validateTopology(spec: PodSpec, errors: FieldErrors): void {
  const { topologySpreadConstraints: constraints = [] } = spec as { readonly topologySpreadConstraints?: Constraint[] };
  const pairs = constraints.map(({ topologyKey, whenUnsatisfiable }) => `${topologyKey} ${whenUnsatisfiable}`);
  for (const [index, constraint] of constraints.entries()) {
    const path = ['spec', 'topologySpreadConstraints', index];
    validateConstraint(constraint, path, errors);
    if (pairs.includes(pairs[index] ?? '', index + 1)) errors.duplicate(path, pairs[index]);
  }
}

function validateConstraint(constraint: Constraint, path: FieldPath, errors: FieldErrors): void {
  const check = checks(errors);
  const { maxSkew = 0, topologyKey, whenUnsatisfiable = '', minDomains } = constraint;
  if (maxSkew <= 0) errors.invalid([...path, 'maxSkew'], maxSkew, 'must be greater than zero');
  if (!topologyKey) errors.required([...path, 'topologyKey'], 'can not be empty');
  check.oneOf([...path, 'whenUnsatisfiable'], whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']);
  if (minDomains !== undefined) {
    const at = [...path, 'minDomains'];
    if (minDomains <= 0) errors.invalid(at, minDomains, 'must be greater than zero');
    if (whenUnsatisfiable !== 'DoNotSchedule')
      errors.invalid(at, minDomains, 'can only be used when `whenUnsatisfiable` is DoNotSchedule');
  }
  for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const)
    if (constraint[name] !== undefined) check.oneOf([...path, name], constraint[name], ['Honor', 'Ignore']);
  validateMatchLabelKeys(constraint, path, errors);
  validateLabelSelector(constraint.labelSelector, [...path, 'labelSelector'], errors);
}
