import { shortHash } from '../../base/hash.ts';
import type { Labels, Pod } from '../../kube/types.ts';
import { annotations } from '../../runtime/labels.ts';

/** What is kept of a pod that the API server has for this node. */
export type FoundPod = {
  /** `namespace/name`. */
  readonly key: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The hash of the static pod that it mirrors; undefined: it is no mirror pod. */
  readonly mirrorOf: string | undefined;
  readonly ownerUid: string | undefined;
  /** Counts changes of the spec, from 1 on; 0 where the API server does not. */
  readonly generation: number;
  readonly isDeleting: boolean;
  /** Of mirror pods only. */
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly statusHash: string;
};

/** A pod as the API server gives it, in a list or an event. */
export type ApiPod = Pick<Pod, 'metadata'> & { readonly status?: unknown };

/** Cut down: nodes may have many pods, and specs are large. */
export function foundPod({ metadata, status }: ApiPod): FoundPod {
  const mirrorOf = metadata.annotations?.[annotations.configMirror];
  const isMirror = mirrorOf !== undefined;
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    mirrorOf,
    ownerUid: metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid,
    generation: metadata.generation ?? 0,
    isDeleting: metadata.deletionTimestamp !== undefined,
    labels: isMirror ? (metadata.labels ?? {}) : {},
    annotations: isMirror ? (metadata.annotations ?? {}) : {},
    statusHash: isMirror ? shortHash(status ?? {}) : '',
  };
}
