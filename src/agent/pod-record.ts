import type { ObservedPod } from '../runtime/runtime.ts';
import type { DesiredPod } from './desired.ts';
import type { EndNotes } from './plan/end-notes.ts';
import type { ImageFact } from './plan/facts.ts';
import { mayRun } from './plan/instance.ts';
import type { StartFailure } from './status/container-status.ts';

/** What the agent remembers of a pod between two looks. All of it may be lost at any moment. */
export type PodRecord = {
  readonly key: string;
  observed: readonly ObservedPod[];
  /** The last form that was desired, to show a pod that is being stopped. */
  lastDesired?: DesiredPod;
  doing?: string;
  lastError?: string;
  /** When its containers ended by a clock that nobody sets. */
  ends: EndNotes;
  failures: ReadonlyMap<string, StartFailure>;
  images: ReadonlyMap<string, ImageFact>;
  /** The highest attempt that left a log, for containers that the runtime knows no more. */
  loggedAttempts?: ReadonlyMap<string, number>;
  /** Why the pod is not admitted, for now. */
  refused?: { readonly reason: string; readonly message: string };
  /** Why it gets no network, for now. */
  networkProblem?: string | undefined;
  /** Looks in a row that found it refused. */
  refusedLooks?: number;
  /** Looks in a row that failed, for the back-off. */
  failedLooks: number;
  /** The last plan that was carried out, to see one that has no effect. */
  lastActions: string;
  readonly terminationMessages: Map<string, string>;
  cancelRecheck: () => void;
};

export function newRecord(key: string): PodRecord {
  return {
    key,
    observed: [],
    ends: new Map(),
    failures: new Map(),
    images: new Map(),
    failedLooks: 0,
    lastActions: '',
    terminationMessages: new Map(),
    cancelRecheck: () => {},
  };
}

/** The record as far as it is about this pod: what was noted of another form of it says nothing of this one. */
export function recordFor(desired: DesiredPod | undefined, record: PodRecord): PodRecord {
  const { key, observed, ends, lastDesired: last, terminationMessages } = record;
  if (desired === undefined || last === undefined || (last.uid === desired.uid && last.hash === desired.hash)) {
    return record;
  }
  return { ...newRecord(key), observed, ends, terminationMessages };
}

/** What a turn of a pod is about, as the metrics call it. */
export function operationOn(desired: DesiredPod | undefined, { observed }: PodRecord): 'create' | 'sync' | 'terminate' {
  if (desired === undefined) return 'terminate';
  return observed.some(({ sandboxes }) => sandboxes.length > 0) ? 'sync' : 'create';
}

/** How many containers run, or may run for all we know. */
export function runningIn({ observed }: PodRecord): number {
  return observed.flatMap(({ containers }) => containers).filter(mayRun).length;
}

/** The logs that are being written. */
export function runningLogs(records: Iterable<PodRecord>): readonly { readonly id: string; readonly path: string }[] {
  return [...records]
    .flatMap(({ observed }) => observed.flatMap(({ containers }) => containers))
    .filter(({ state }) => state === 'running')
    .map(({ id, logPath }) => ({ id, path: logPath }));
}
