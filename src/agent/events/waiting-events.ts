import type { ContainerStatus, Pod } from '../../kube/types.ts';
import type { PodEvent } from '../metrics/observer.ts';
import { containerSubject, podSubject } from './subject.ts';

type Told = Pick<PodEvent, 'type' | 'reason' | 'message'>;

/** What a pod waits for, as events; `once`: tells the same moment from a later one of the same words. */
export type WaitingEvent = { readonly event: PodEvent; readonly once: string };

/** What the status of a pod says that is not told where it is done: back-offs, and why it is not admitted or was ended. */
export function waitingEvents(pod: Pod): readonly WaitingEvent[] {
  const { status } = pod;
  if (status === undefined) return [];
  const containers = [...(status.initContainerStatuses ?? []), ...status.containerStatuses];
  const waiting = containers.flatMap((container) =>
    containerEvents(pod, container).map((told) => ({
      event: { ...containerSubject(pod, container.name), ...told },
      once: `${container.name} ${container.restartCount} ${told.message}`,
    })),
  );
  const all = [...waiting, ...networkEvents(pod, containers)];
  if (status.reason === undefined) return all;
  const type = status.reason === 'DeadlineExceeded' ? 'Normal' : 'Warning';
  const message = status.message ?? status.reason;
  return [
    ...all,
    { event: { ...podSubject(pod), type, reason: status.reason, message }, once: `${status.reason} ${message}` },
  ];
}

/** Of the pod, as the kubelet tells it, not of each container. */
function networkEvents(pod: Pod, containers: readonly ContainerStatus[]): readonly WaitingEvent[] {
  const waiting = containers.map(({ state }) => state.waiting).find((state) => state?.reason === 'NetworkNotReady');
  if (waiting === undefined) return [];
  const { reason, message = '' } = waiting;
  return [{ event: { ...podSubject(pod), type: 'Warning', reason, message }, once: `${reason} ${message}` }];
}

function containerEvents(pod: Pod, { name, image, state }: ContainerStatus): readonly Told[] {
  const { reason, message = '' } = state.waiting ?? {};
  const { namespace, uid } = pod.metadata;
  if (reason === 'CrashLoopBackOff') {
    const where = `${pod.metadata.name}_${namespace}(${uid ?? ''})`;
    const told = `Back-off restarting failed container ${name} in pod ${where}`;
    return [{ type: 'Warning', reason: 'BackOff', message: told }];
  }
  if (reason === 'ImagePullBackOff') {
    const told = message === '' ? `Back-off pulling image "${image}"` : message;
    return [
      { type: 'Normal', reason: 'BackOff', message: told },
      { type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff' },
    ];
  }
  return [];
}
