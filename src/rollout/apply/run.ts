import type { ComponentName } from '../../manifests/component.ts';
import type { Journal } from '../journal/journal.ts';
import type { Revision } from '../revisions/revision.ts';
import type { RuntimeMove } from '../types.ts';
import type { RolloutContext } from './context.ts';
import type { StepTimer } from './events.ts';
import type { Instance } from './instance.ts';
import type { NewFile } from './issue-anew.ts';
import type { RolloutParts } from './parts.ts';
import type { RolloutWork } from './plan-work.ts';

export type ApplyOptions = {
  readonly skipCanary?: boolean;
  /** Leaves a component that does not become healthy as it is. */
  readonly noRollback?: boolean;
  readonly component?: ComponentName | undefined;
  /** Why, for the revision. */
  readonly message?: string | undefined;
  /** The revision that this brings back, and the files that it had, as they are to be written. */
  readonly restores?: { readonly number: number; readonly files: readonly NewFile[] };
  readonly parts?: RolloutParts;
};

/** How the control plane was before anything was touched. */
export type Before = {
  readonly instances: ReadonlyMap<ComponentName, Instance>;
  /** Those that were ready and healthy. */
  readonly healthy: ReadonlySet<ComponentName>;
  /** The API server took a write; one that refuses it by its own rules is not asked again. */
  readonly writes: boolean;
};

/** A change that has begun: what it works with from step to step. */
export type RolloutRun = {
  readonly context: RolloutContext;
  readonly options: ApplyOptions;
  readonly work: RolloutWork;
  readonly parts: RolloutParts;
  readonly timer: StepTimer;
  readonly journal: Journal;
  /** Still unfinished. */
  readonly revision: Revision;
  /** Certificates and kubeconfigs, in the order to write them. */
  readonly newFiles: readonly NewFile[];
  readonly before: Before;
  /** All pods go to another container runtime. */
  readonly move?: RuntimeMove | undefined;
  /** Components that were swapped so far, in that order. */
  readonly touched: ComponentName[];
};
