import type { FieldErrors, FieldPath } from '../field-errors.ts';
import { isDnsSubdomain } from '../names.ts';
import type { Labels } from '../types.ts';
import { checks } from './checks.ts';

export type Requirement = { readonly key?: string; readonly operator?: string; readonly values?: readonly string[] };
export type LabelSelector = { readonly matchLabels?: Labels; readonly matchExpressions?: readonly Requirement[] };
export type NodeSelectorTerm = {
  readonly matchExpressions?: readonly Requirement[];
  readonly matchFields?: readonly Requirement[];
};

/** A selector of objects by their labels (ValidateLabelSelector of apimachinery). */
export function validateLabelSelector(selector: LabelSelector | undefined, path: FieldPath, errors: FieldErrors): void {
  checks(errors).labels([...path, 'matchLabels'], selector?.matchLabels);
  for (const [index, requirement] of (selector?.matchExpressions ?? []).entries()) {
    const at = [...path, 'matchExpressions', index];
    validateOperator(requirement, at, { errors, single: [] });
    checks(errors).qualifiedName([...at, 'key'], requirement.key ?? '');
    validateValues(requirement, at, errors);
  }
}

/** One alternative of a node selector (ValidateNodeSelectorTerm); `preferred` ones may name any value. */
export function validateNodeSelectorTerm(
  term: NodeSelectorTerm,
  path: FieldPath,
  { errors, preferred }: { readonly errors: FieldErrors; readonly preferred: boolean },
): void {
  for (const [index, requirement] of (term.matchExpressions ?? []).entries()) {
    const at = [...path, 'matchExpressions', index];
    validateOperator(requirement, at, { errors, single: ['Gt', 'Lt'] });
    checks(errors).qualifiedName([...at, 'key'], requirement.key ?? '');
    if (!preferred) validateValues(requirement, at, errors);
  }
  for (const [index, requirement] of (term.matchFields ?? []).entries())
    validateFieldRequirement(requirement, [...path, 'matchFields', index], errors);
}

function validateOperator(
  { operator = '', values = [] }: Requirement,
  path: FieldPath,
  { errors, single }: { readonly errors: FieldErrors; readonly single: readonly string[] },
): void {
  const at = [...path, 'values'];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.required(at, "must be specified when `operator` is 'In' or 'NotIn'");
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) errors.forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else if (single.includes(operator)) {
    if (values.length !== 1) errors.required(at, "must be a single value when `operator` is 'Lt' or 'Gt'");
  } else {
    errors.invalid([...path, 'operator'], operator, 'not a valid selector operator');
  }
}

function validateValues({ values = [] }: Requirement, path: FieldPath, errors: FieldErrors): void {
  for (const [index, value] of values.entries()) checks(errors).labelValue([...path, 'values', index], value);
}

/** By a field of the node; there is one, its name (ValidateNodeFieldSelectorRequirement). */
function validateFieldRequirement(
  { key = '', operator = '', values = [] }: Requirement,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (operator !== 'In' && operator !== 'NotIn')
    errors.invalid([...path, 'operator'], operator, 'not a valid selector operator');
  else if (values.length !== 1) errors.required([...path, 'values'], 'must be exactly one value for a field of a node');
  if (key !== 'metadata.name') errors.invalid([...path, 'key'], key, 'not a valid field selector key');
  for (const [index, value] of key === 'metadata.name' ? values.entries() : [])
    if (!isDnsSubdomain(value)) errors.invalid([...path, 'values', index], value, 'must be the name of a node');
}
