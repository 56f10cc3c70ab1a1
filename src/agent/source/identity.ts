import { shortHash } from '../../base/hash.ts';
import type { Pod, Toleration } from '../../kube/types.ts';
import { annotations } from '../../runtime/labels.ts';
import type { DesiredPod } from '../desired.ts';

export type IdentityInput = {
  readonly pod: Pod;
  /** The manifest as the user wrote it, parsed: defaults that a later version adds must not make another pod. */
  readonly written: unknown;
  /** Where it is written: a path, or the URL without what may be secret in it. */
  readonly file: string;
  /** The whole URL of a manifest that is none of a file's. */
  readonly url?: string;
  readonly nodeName: string;
  /** RFC 3339, when this form was first seen. */
  readonly seen: string;
};

const noExecute: Toleration = { operator: 'Exists', effect: 'NoExecute' };

/**
 * What a static pod is called and known by (kubelet pkg/kubelet/config/common.go applyDefaults): name with the node's
 * suffix, UID from the content, node and file (or URL alone), the annotations of a source, tolerance of every NoExecute taint
 * (of files alone). What goes into the hash may never change: another UID is another pod on every machine.
 */
export function staticPod({ pod, written, file, url, nodeName, seen }: IdentityInput): DesiredPod {
  const node = nodeName.toLowerCase();
  const hash = shortHash(url === undefined ? { manifest: written, node: nodeName, file } : { manifest: written, url });
  const uid = pod.metadata.uid === undefined || pod.metadata.uid === '' ? hash : pod.metadata.uid;
  const metadata = {
    ...pod.metadata,
    name: `${pod.metadata.name}-${node}`,
    uid,
    annotations: {
      ...pod.metadata.annotations,
      [annotations.configHash]: hash,
      [annotations.configSource]: url === undefined ? 'file' : 'http',
      [annotations.configSeen]: seen,
    },
  };
  const tolerations = url === undefined ? { tolerations: withNoExecute(pod.spec.tolerations ?? []) } : {};
  return { pod: { ...pod, metadata, spec: { ...pod.spec, nodeName, ...tolerations } }, uid, hash, file };
}

function withNoExecute(tolerations: readonly Toleration[]): readonly Toleration[] {
  const there = tolerations.some(
    ({ key, operator, effect }) => key === undefined && operator === 'Exists' && effect === 'NoExecute',
  );
  return there ? tolerations : [...tolerations, noExecute];
}
