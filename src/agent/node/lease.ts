import type { Lease, Node } from '../../kube/node-types.ts';

const leaseDurationSeconds = 40;

export const leasesPath = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

/** The API path of the Lease by which a node says that it is alive. */
export function leasePath(nodeName: string): string {
  return `${leasesPath}/${nodeName}`;
}

/** The Lease as it is to be now: made, or renewed (k8s.io/component-helpers/apimachinery/lease). */
export function renewedLease(stored: Lease | undefined, node: Node, nowMs: number): Lease {
  const { name, uid = '' } = node.metadata;
  const owner = { apiVersion: 'v1', kind: 'Node', name, uid };
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...stored?.metadata, name, namespace: 'kube-node-lease', ownerReferences: [owner] },
    spec: { ...stored?.spec, holderIdentity: name, leaseDurationSeconds, renewTime: microTime(nowMs) },
  };
}

/** RFC 3339 with the microseconds that a MicroTime must have. */
function microTime(nowMs: number): string {
  return new Date(nowMs).toISOString().replace('Z', '000Z');
}
