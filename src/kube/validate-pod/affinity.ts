import type { FieldErrors, FieldPath } from '../field-errors.ts';
import type { PodSpec } from '../types.ts';
import { checks } from './checks.ts';
import {
  type LabelSelector,
  type NodeSelectorTerm,
  validateLabelSelector,
  validateNodeSelectorTerm,
} from './selectors.ts';

const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';

type PodTerm = {
  readonly labelSelector?: LabelSelector;
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: LabelSelector;
  readonly topologyKey?: string;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
};
type PodTerms = {
  readonly [required]?: readonly PodTerm[];
  readonly [preferred]?: readonly { readonly weight?: number; readonly podAffinityTerm?: PodTerm }[];
};
type Affinity = {
  readonly nodeAffinity?: {
    readonly [required]?: { readonly nodeSelectorTerms?: readonly NodeSelectorTerm[] };
    readonly [preferred]?: readonly { readonly weight?: number; readonly preference?: NodeSelectorTerm }[];
  };
  readonly podAffinity?: PodTerms;
  readonly podAntiAffinity?: PodTerms;
};

/** Where a pod may or would rather run (validateAffinity); a static pod's node is checked against it by the agent. */
export function validateAffinity(spec: PodSpec, errors: FieldErrors): void {
  const affinity = (spec.affinity ?? {}) as Affinity;
  const path = ['spec', 'affinity'];
  if (affinity.nodeAffinity) validateNodeAffinity(affinity.nodeAffinity, [...path, 'nodeAffinity'], errors);
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const terms = affinity[kind] ?? {};
    for (const [index, term] of (terms[required] ?? []).entries())
      validatePodTerm(term, [...path, kind, required, index], errors);
    for (const [index, { weight, podAffinityTerm }] of (terms[preferred] ?? []).entries()) {
      const at = [...path, kind, preferred, index];
      validateWeight(weight, [...at, 'weight'], errors);
      validatePodTerm(podAffinityTerm ?? {}, [...at, 'podAffinityTerm'], errors);
    }
  }
}

function validateNodeAffinity(
  affinity: NonNullable<Affinity['nodeAffinity']>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const selector = affinity[required];
  const at = [...path, required, 'nodeSelectorTerms'];
  const terms = selector?.nodeSelectorTerms ?? [];
  if (selector !== undefined && terms.length === 0) errors.required(at, 'must have at least one node selector term');
  for (const [index, term] of terms.entries())
    validateNodeSelectorTerm(term, [...at, index], { errors, preferred: false });
  for (const [index, { weight, preference }] of (affinity[preferred] ?? []).entries()) {
    const place = [...path, preferred, index];
    validateWeight(weight, [...place, 'weight'], errors);
    validateNodeSelectorTerm(preference ?? {}, [...place, 'preference'], { errors, preferred: true });
  }
}

function validateWeight(weight: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (weight === undefined || weight < 1 || weight > 100) errors.invalid(path, weight, 'must be in the range 1-100');
}

function validatePodTerm(term: PodTerm, path: FieldPath, errors: FieldErrors): void {
  const check = checks(errors);
  validateLabelSelector(term.labelSelector, [...path, 'labelSelector'], errors);
  validateLabelSelector(term.namespaceSelector, [...path, 'namespaceSelector'], errors);
  for (const [index, name] of (term.namespaces ?? []).entries()) check.dnsLabel([...path, 'namespaces', index], name);
  validateMatchLabelKeys(term, path, errors);
  if (!term.topologyKey) errors.required([...path, 'topologyKey'], 'can not be empty');
  else check.qualifiedName([...path, 'topologyKey'], term.topologyKey);
}

type Keys = Pick<PodTerm, 'labelSelector' | 'matchLabelKeys' | 'mismatchLabelKeys'>;

/**
 * Keys whose values come from the pod's own labels (ValidateMatchLabelKeysAndMismatchLabelKeys). The API server adds them
 * to the selector before it checks: a key that the selector has already is there twice.
 */
export function validateMatchLabelKeys(keys: Keys, path: FieldPath, errors: FieldErrors): void {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = keys;
  const selected = [
    ...Object.keys(labelSelector?.matchLabels ?? {}),
    ...(labelSelector?.matchExpressions ?? []).map(({ key }) => key),
  ];
  for (const [name, list] of [
    ['matchLabelKeys', matchLabelKeys] as const,
    ['mismatchLabelKeys', mismatchLabelKeys] as const,
  ]) {
    if (list.length > 0 && labelSelector === undefined)
      errors.forbidden([...path, name], 'must not be specified when `labelSelector` is not set');
    for (const [index, key] of list.entries()) {
      checks(errors).qualifiedName([...path, name, index], key);
      if (selected.includes(key)) errors.invalid([...path, name, index], key, 'exists in labelSelector as well');
    }
  }
  for (const [index, key] of matchLabelKeys.entries())
    if (mismatchLabelKeys.includes(key))
      errors.invalid([...path, 'matchLabelKeys', index], key, 'exists in both matchLabelKeys and mismatchLabelKeys');
}
