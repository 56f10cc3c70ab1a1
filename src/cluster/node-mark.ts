import type { Taint } from '../config/types.ts';

/** What is looked at of a Node. */
export type MarkedNode = {
  readonly metadata: {
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly taints?: readonly Taint[] };
};

export const controlPlaneLabels: readonly string[] = [
  'node-role.kubernetes.io/control-plane',
  'node.kubernetes.io/exclude-from-external-load-balancers',
];

/** A JSON merge patch that holds only for this very state of the Node; undefined when it is marked already. */
export type NodeMark = {
  readonly patch: Readonly<Record<string, unknown>> | undefined;
  readonly labels: readonly string[];
  readonly taints: readonly Taint[];
};

/** Adds the labels of a control plane node and the configured taints; others stay (kubeadm phases/markcontrolplane). */
export function planNodeMark(node: MarkedNode, taints: readonly Taint[]): NodeMark {
  const present = node.spec?.taints ?? [];
  const missing = taints.filter((taint) => !present.some((other) => isSame(taint, other)));
  const labels = controlPlaneLabels.filter((label) => node.metadata.labels?.[label] !== '');
  if (missing.length === 0 && labels.length === 0) return { patch: undefined, labels, taints: missing };
  const { resourceVersion } = node.metadata;
  const metadata = {
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    labels: Object.fromEntries(labels.map((label) => [label, ''])),
  };
  const spec = missing.length === 0 ? {} : { spec: { taints: [...missing, ...present] } };
  return { patch: { metadata, ...spec }, labels, taints: missing };
}

/** `node-role.kubernetes.io/control-plane:NoSchedule` */
export function taintText({ key, value, effect }: Taint): string {
  return `${key}${value === undefined || value === '' ? '' : `=${value}`}:${effect}`;
}

function isSame(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect && (a.value ?? '') === (b.value ?? '');
}
