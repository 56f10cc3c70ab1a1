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
  if (status.reason === undefined) return waiting;
  const type = status.reason === 'DeadlineExceeded' ? 'Normal' : 'Warning';
  const message = status.message ?? status.reason;
  return [
    ...waiting,
    { event: { ...podSubject(pod), type, reason: status.reason, message }, once: `${status.reason} ${message}` },
  ];
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
