import type { Labels, Pod } from '../../kube/types.ts';

type Requirement = { readonly key: string; readonly operator: string; readonly values?: readonly string[] };
type Term = { readonly matchExpressions?: readonly Requirement[]; readonly matchFields?: readonly Requirement[] };
type Affinity = {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms?: readonly Term[] };
  };
};

export type NodeIdentity = { readonly name: string; readonly labels: Labels };

/**
 * Whether a pod's nodeSelector and its required node affinity agree to the node (component-helpers
 * scheduling/corev1/nodeaffinity GetRequiredNodeAffinity): all of the selector, and any of the terms.
 */
export function matchesNode({ spec }: Pod, node: NodeIdentity): boolean {
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => node.labels[key] === value);
  const required = (spec.affinity as Affinity | undefined)?.nodeAffinity
    ?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return selected;
  return selected && (required.nodeSelectorTerms ?? []).some((term) => matchesTerm(term, node));
}

/** An empty term matches no node. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: Term, { name, labels }: NodeIdentity): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const fields: Labels = { 'metadata.name': name };
  return (
    matchExpressions.every((requirement) => meets(requirement, labels[requirement.key])) &&
    matchFields.every((requirement) => meets(requirement, fields[requirement.key]))
  );
}

function meets({ operator, values = [] }: Requirement, actual: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual);
    case 'NotIn':
      return actual === undefined || !values.includes(actual);
    case 'Exists':
      return actual !== undefined;
    case 'DoesNotExist':
      return actual === undefined;
    case 'Gt':
      return integer(actual) > integer(values[0]);
    case 'Lt':
      return integer(actual) < integer(values[0]);
    default:
      return false;
  }
}

/** NaN for anything else, which is neither less nor greater. */
function integer(text: string | undefined): number {
  return /^-?\d+$/.test(text ?? '') ? Number(text) : Number.NaN;
}
