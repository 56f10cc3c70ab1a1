import type { AgentObserver, PodEvent } from '../metrics/observer.ts';
import type { EventRecorder } from './recorder.ts';
import { waitingEvents } from './waiting-events.ts';

/** Hands what the agent does to the recorder: what is told where it happens, and what a pod's status says. */
export function eventObserver(recorder: Pick<EventRecorder, 'record'>): AgentObserver {
  // What each pod's status said last time: a turn that changes nothing tells nothing.
  const told = new Map<string, ReadonlySet<string>>();
  const record = ({ pod, fieldPath, ...event }: PodEvent) => {
    recorder.record({ about: { kind: 'Pod', ...pod, ...(fieldPath === undefined ? {} : { fieldPath }) }, ...event });
  };
  return {
    event: record,
    probed() {},
    turned: ({ key, pod }) => {
      const waiting = pod?.file === undefined ? [] : waitingEvents(pod.pod);
      const before = told.get(key);
      for (const { event, once } of waiting) if (before?.has(once) !== true) record(event);
      if (waiting.length === 0) told.delete(key);
      else told.set(key, new Set(waiting.map(({ once }) => once)));
    },
  };
}
