import type { Labels } from '../../kube/types.ts';
import { labels as common } from '../labels.ts';
import type { PodIdentity } from '../runtime.ts';

/** Docker has labels only; these are dockershim's (cri-dockerd core/docker_service.go), the last one ours. */
export const dockerLabels = {
  type: 'io.kubernetes.docker.type',
  sandboxId: 'io.kubernetes.sandbox.id',
  logPath: 'io.kubernetes.container.logpath',
  /** The reference that the image was asked for by; containers are created by image ID. */
  image: 'kube-bootstrap/image',
} as const;

export const sandboxType = 'podsandbox';
export const containerType = 'container';
const annotationPrefix = 'annotation.';

/** The labels of a sandbox or container of ours; the identity wins over whatever the pod's own labels say. */
export function writeLabels(
  given: { readonly labels: Labels; readonly annotations: Labels },
  pod: PodIdentity,
  own: Labels,
): Record<string, string> {
  const annotations = Object.entries(given.annotations).map(([key, value]) => [annotationPrefix + key, value]);
  return {
    ...given.labels,
    ...Object.fromEntries(annotations),
    [common.podName]: pod.name,
    [common.podNamespace]: pod.namespace,
    [common.podUid]: pod.uid,
    ...own,
  };
}

/** Labels and annotations as they were given, without those that only this runtime needs. */
export function readLabels(all: Labels): { readonly labels: Labels; readonly annotations: Labels } {
  const internal: readonly string[] = Object.values(dockerLabels);
  const entries = Object.entries(all);
  const annotations = entries.filter(([key]) => key.startsWith(annotationPrefix));
  return {
    labels: Object.fromEntries(entries.filter(([key]) => !key.startsWith(annotationPrefix) && !internal.includes(key))),
    annotations: Object.fromEntries(annotations.map(([key, value]) => [key.slice(annotationPrefix.length), value])),
  };
}

/** Whose sandbox or container it is; undefined when the labels do not say. */
export function podOf(all: Labels): PodIdentity | undefined {
  const { [common.podName]: name, [common.podNamespace]: namespace, [common.podUid]: uid } = all;
  return name === undefined || namespace === undefined || uid === undefined ? undefined : { name, namespace, uid };
}

/** The attempt in `/k8s_<container>_<pod>_<namespace>_<uid>_<attempt>[_<random>]`. */
export function attemptOf(name: string): number {
  const attempt = Number(name.split('_')[5]);
  return Number.isInteger(attempt) ? attempt : 0;
}
