import type { Labels } from '../../kube/types.ts';

/** What a node may say of itself (plugin NodeRestriction; k8s.io/kubernetes pkg/kubelet/apis/well_known_labels.go). */
const ownLabels = new Set(
  `kubernetes.io/hostname kubernetes.io/os kubernetes.io/arch beta.kubernetes.io/os beta.kubernetes.io/arch
beta.kubernetes.io/instance-type node.kubernetes.io/instance-type topology.kubernetes.io/zone
topology.kubernetes.io/region failure-domain.beta.kubernetes.io/zone failure-domain.beta.kubernetes.io/region`.split(
    /\s+/,
  ),
);
const ownPrefixes = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

/** The labels that go to the API server, and those that it would refuse: `node-role.kubernetes.io/…` is an admin's to set. */
export function allowedLabels(labels: Labels): { readonly labels: Labels; readonly refused: readonly string[] } {
  const all = Object.entries(labels);
  return {
    labels: Object.fromEntries(all.filter(([key]) => isAllowed(key))),
    refused: all.map(([key]) => key).filter((key) => !isAllowed(key)),
  };
}

function isAllowed(key: string): boolean {
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  const reserved = ['kubernetes.io', 'k8s.io'].some((name) => domain === name || domain.endsWith(`.${name}`));
  if (!reserved || ownLabels.has(key)) return true;
  return ownPrefixes.some((prefix) => domain === prefix || domain.endsWith(`.${prefix}`));
}
