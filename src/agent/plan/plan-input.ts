import type { ObservedSandbox } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';
import type { PodFacts } from './facts.ts';
import type { Instance } from './instance.ts';
import type { Rounds } from './rounds.ts';

/** What the parts of a plan for the desired pod itself are made from. */
export type PlanInput = {
  readonly desired: DesiredPod;
  /** All that exists of the pod, whatever the sandbox: attempts and back-off go on over sandboxes. */
  readonly own: Instance;
  /** Where containers run; undefined: one that is created just before. */
  readonly sandbox: ObservedSandbox | undefined;
  /** The containers in it. */
  readonly rounds: Rounds;
  readonly facts: PodFacts;
};
