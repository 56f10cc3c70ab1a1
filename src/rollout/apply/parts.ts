import { runCanaries } from '../canary/run-canaries.ts';
import { rollApiServer } from '../change-over/roll-api-server.ts';
import { beforeEtcdChange } from '../etcd/etcd-change.ts';
import { afterEtcdChange } from '../etcd/peer-url.ts';
import { swapEtcd } from '../etcd/swap-etcd.ts';
import type { RolloutPlan } from '../types.ts';
import type { ComponentSwap, RolloutContext } from './context.ts';
import { swapLeader } from './leader-lease.ts';

/** What a rollout has done by others: each may be absent, and is then left out. */
export type RolloutParts = {
  /** Tries every changed component beside the running one; throws `PreflightError` for what would not run. */
  readonly canaries?: (context: RolloutContext, plan: RolloutPlan) => Promise<unknown>;
  /** Changes the API server over with the least that clients notice. */
  readonly rollApiServer?: (context: RolloutContext, swap: ComponentSwap) => Promise<void>;
  /** Saves etcd's data where a change of etcd or of the encryption makes that due; throws `PreflightError` when it cannot. */
  readonly beforeEtcdChange?: (
    context: RolloutContext,
    plan: RolloutPlan,
    revision: number,
  ) => Promise<{ readonly snapshot?: string }>;
  /** Makes etcd's member list agree with the manifest on the disk. */
  readonly afterEtcdChange?: (context: RolloutContext) => Promise<void>;
  /** Swaps etcd so that the API server finds the new one soon. */
  readonly swapEtcd?: (context: RolloutContext, swap: ComponentSwap) => Promise<void>;
  /** Swaps a component that leads by a Lease, so that the next leader can act at once. */
  readonly swapLeader?: (context: RolloutContext, swap: ComponentSwap) => Promise<void>;
};

/** The real ones. */
export const rolloutParts: RolloutParts = {
  canaries: runCanaries,
  beforeEtcdChange,
  afterEtcdChange,
  swapEtcd,
  swapLeader,
  rollApiServer,
};
