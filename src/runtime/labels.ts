import type { PodIdentity } from './runtime.ts';

/**
 * Labels and annotations on sandboxes and containers (kubernetes pkg/kubelet/types/labels.go,
 * kuberuntime/labels.go, cri-dockerd core/helpers.go). On Docker annotations are labels with the prefix `annotation.`.
 */
export const labels = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
  /** One value per root directory: we see, count and remove only what carries ours. */
  owner: 'kube-bootstrap/owner',
} as const;

export const annotations = {
  containerHash: 'io.kubernetes.container.hash',
  restartCount: 'io.kubernetes.container.restartCount',
  terminationMessagePath: 'io.kubernetes.container.terminationMessagePath',
  terminationMessagePolicy: 'io.kubernetes.container.terminationMessagePolicy',
  ports: 'io.kubernetes.container.ports',
  preStopHandler: 'io.kubernetes.container.preStopHandler',
  podTerminationGracePeriod: 'io.kubernetes.pod.terminationGracePeriod',
  podDeletionGracePeriod: 'io.kubernetes.pod.deletionGracePeriod',
  /** Pod annotations set by every static pod source (kubernetes pkg/kubelet/types/pod_update.go). */
  configHash: 'kubernetes.io/config.hash',
  configSource: 'kubernetes.io/config.source',
  configSeen: 'kubernetes.io/config.seen',
  configMirror: 'kubernetes.io/config.mirror',
} as const;

/** `k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`; the sandbox's container is `POD` (cri-dockerd core/naming.go). */
export function containerName(pod: PodIdentity, container: string, attempt: number): string {
  return ['k8s', container, pod.name, pod.namespace, pod.uid, attempt].join('_');
}
