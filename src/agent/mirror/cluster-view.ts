import { eventObserver } from '../events/event-observer.ts';
import { EventRecorder } from '../events/recorder.ts';
import { combineObservers } from '../metrics/combine-observers.ts';
import type { AgentObserver } from '../metrics/observer.ts';
import { type MirrorDoors, MirrorPods, type ShownPods } from './mirror-pods.ts';

/** What the cluster is shown of the pods: mirror pods and events. */
export type ClusterView = {
  /** To be told what the agent does. */
  readonly observer: AgentObserver;
  readonly events: Pick<EventRecorder, 'record'>;
  /** Until the signal aborts. */
  start(agent: ShownPods, signal: AbortSignal): void;
  /** Pods that the cluster does not show, and why; in words. */
  problems(): readonly string[];
  /** The UID of the mirror pod of `namespace/name`, as last seen. */
  mirrorUid(key: string): string | undefined;
};

/** To be made before the agent, which tells its observer from its first moment on. */
export function openClusterView(doors: Omit<MirrorDoors, 'events'>): ClusterView {
  const events = new EventRecorder(doors);
  const mirrors = new MirrorPods({ ...doors, events });
  return {
    observer: combineObservers(eventObserver(events), mirrors.observer),
    events,
    start: (agent, signal) => {
      void events.run(signal);
      void mirrors.run(agent, signal);
    },
    problems: () => mirrors.problems(),
    mirrorUid: (key) => mirrors.uid(key),
  };
}
