import type { Container, Pod } from '../../kube/types.ts';
import type { PullEnd } from '../images/image-puller.ts';
import type { AgentObserver } from '../metrics/observer.ts';
import type { StartFailure } from '../status/container-status.ts';
import { deeds, failed, type Told } from './deeds.ts';
import { containerSubject, type EventSubject, podSubject } from './subject.ts';

/** Who does something, and may be listened to. */
export type Teller = { readonly observer?: Pick<AgentObserver, 'event'> | undefined };

export function tell({ observer }: Teller, subject: EventSubject, told: readonly Told[]): void {
  for (const event of told) observer?.event?.({ ...subject, ...event });
}

/** An image that was not there has been fetched, or could not be. */
export function tellPull(teller: Teller, pod: Pod, { name, image }: Container, end: PullEnd): void {
  const told =
    'info' in end
      ? [deeds.pulled(image, { tookMs: end.tookMs, bytes: end.info.sizeBytes })]
      : failed(end.failure.code, { image, message: end.failure.message });
  tell(teller, containerSubject(pod, name), told);
}

/** A container, or all of the pod when none is named, could not be started. */
export function tellFailure(teller: Teller, pod: Pod, about: StartFailure & { readonly container?: string }): void {
  const { container, reason, message } = about;
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const image = all.find(({ name }) => name === container)?.image ?? '';
  const subject = container === undefined ? podSubject(pod) : containerSubject(pod, container);
  tell(teller, subject, failed(reason, { message, image }));
}
