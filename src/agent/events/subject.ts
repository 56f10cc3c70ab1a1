import type { Pod } from '../../kube/types.ts';
import { annotations } from '../../runtime/labels.ts';
import type { ObservedContainer } from '../../runtime/runtime.ts';
import type { PodEvent } from '../metrics/observer.ts';

/** Whom an event is about. */
export type EventSubject = Pick<PodEvent, 'pod' | 'fieldPath'>;

export function podSubject({ metadata }: Pick<Pod, 'metadata'>): EventSubject {
  const { name, namespace, uid = '' } = metadata;
  return { pod: { name, namespace, uid: metadata.annotations?.[annotations.configHash] ?? uid } };
}

/** One of its containers (kubelet pkg/kubelet/container/ref.go). */
export function containerSubject(pod: Pick<Pod, 'metadata' | 'spec'>, container: string): EventSubject {
  const isInit = pod.spec.initContainers?.some(({ name }) => name === container) === true;
  return { ...podSubject(pod), fieldPath: `spec.${isInit ? 'initContainers' : 'containers'}{${container}}` };
}

/** The same where only the container itself is left to tell. */
export function observedSubject({ name, pod, annotations: own }: ObservedContainer): EventSubject {
  const { namespace, uid } = pod;
  return {
    pod: { namespace, name: pod.name, uid: own[annotations.configHash] ?? uid },
    fieldPath: `spec.containers{${name}}`,
  };
}
