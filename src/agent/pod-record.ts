import type { ObservedPod } from '../runtime/runtime.ts';
import type { DesiredPod } from './desired.ts';
import type { ImageFact } from './plan/facts.ts';
import type { StartFailure } from './status/container-status.ts';

/** What the agent remembers of a pod between two looks. All of it may be lost at any moment. */
export type PodRecord = {
  readonly key: string;
  observed: readonly ObservedPod[];
  /** The last form that was desired, to show a pod that is being stopped. */
  lastDesired?: DesiredPod;
  doing?: string;
  lastError?: string;
  failures: ReadonlyMap<string, StartFailure>;
  images: ReadonlyMap<string, ImageFact>;
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
    failures: new Map(),
    images: new Map(),
    failedLooks: 0,
    lastActions: '',
    terminationMessages: new Map(),
    cancelRecheck: () => {},
  };
}
