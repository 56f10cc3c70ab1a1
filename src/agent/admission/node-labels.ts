import type { Labels } from '../../kube/types.ts';

/** Go's names for Node's architectures. */
const architectures: Labels = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** The labels that the kubelet gives its node (pkg/kubelet/kubelet_node_status.go initialNode), and the user's own. */
export function nodeLabels(node: {
  readonly name: string;
  readonly architecture: string;
  readonly own: Labels;
}): Labels {
  const arch = architectures[node.architecture] ?? node.architecture;
  return {
    'beta.kubernetes.io/arch': arch,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': arch,
    'kubernetes.io/hostname': node.name,
    'kubernetes.io/os': 'linux',
    ...node.own,
  };
}
