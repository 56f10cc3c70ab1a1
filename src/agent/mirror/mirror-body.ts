import type { KubeObject } from '../../kube/client.ts';
import type { OwnerReference, Pod } from '../../kube/types.ts';
import { annotations } from '../../runtime/labels.ts';

export type MirrorBody = Omit<Pod, 'status'> & KubeObject;

/** The node that a mirror pod belongs to. */
export type MirrorOwner = { readonly name: string; readonly uid: string };

/**
 * A static pod as it is created in the API: the node restriction admits it with exactly this owner and annotation
 * (kubernetes pkg/kubelet/pod/mirror_client.go, plugin/pkg/admission/noderestriction). UID and status are the server's.
 */
export function mirrorBody({ metadata, spec }: Pod, hash: string, owner: MirrorOwner): MirrorBody {
  const reference: OwnerReference = { apiVersion: 'v1', kind: 'Node', ...owner, controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace,
      ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
      annotations: { ...metadata.annotations, [annotations.configMirror]: hash },
      ownerReferences: [reference],
    },
    spec: { ...spec, nodeName: owner.name },
  };
}

/** The hash of a static pod's manifest. */
export function hashOf({ metadata }: Pick<Pod, 'metadata'>): string {
  return metadata.annotations?.[annotations.configHash] ?? '';
}
