import type { ComponentName } from '../manifests/component.ts';
import type { RuntimePlace } from '../runtime/place.ts';
import type { ChangeOver } from './plan/expected-gap.ts';
import type { Reissue } from './plan/plan-pki.ts';

export type DifferenceKind = 'flag' | 'env' | 'mount' | 'image' | 'resources' | 'probe' | 'field' | 'file';

/** One thing that two manifests say differently; absent `from` = added, absent `to` = removed. Secrets are masked. */
export type Difference = {
  readonly what: DifferenceKind;
  /** `--v`, `HTTPS_PROXY`, `image`, `livenessProbe.periodSeconds`, a mount's name. */
  readonly name: string;
  readonly from?: string;
  readonly to?: string;
};

/** Where a difference most likely comes from. */
export type Cause =
  | 'configuration'
  /** Configuration, patches and templates directory are the same: another release, template or machine. */
  | 'rendered differently'
  | 'failed change'
  | 'hand edit'
  | 'file deleted'
  | 'file changed'
  | 'certificate replaced'
  | 'certificate due'
  | 'other image running'
  | 'not running'
  | 'running differs'
  /** In the cluster. */
  | 'object deleted'
  | 'object changed';

/**
 * What each form of a manifest says of one thing, secrets masked: null = it does not say it; absent = there is no such
 * form (no valid file, nothing that runs, nobody who knows).
 */
export type Forms = {
  readonly rendered: string | null;
  readonly onDisk?: string | null;
  readonly running?: string | null;
};

/** What `apply` would change, or has to take up, and why. */
export type Change = Omit<Difference, 'what'> & {
  readonly what: DifferenceKind | 'certificate' | 'kubeconfig' | 'object';
  readonly because: string;
  readonly cause: Cause;
  /** Of what a manifest says. */
  readonly forms?: Forms;
};

export type ComponentPlan = {
  readonly component: ComponentName;
  readonly changes: readonly Change[];
  readonly restart: boolean;
  /** Why it restarts, or why it need not. */
  readonly because: string;
  /** Its place among those that restart, from 1. */
  readonly order?: number;
  /** What clients notice meanwhile. */
  readonly expectedApiGap?: string;
  /** Of kube-apiserver, when it restarts. */
  readonly changeOver?: ChangeOver;
};

/** What cannot be changed on a living cluster. */
export type Blocked = {
  /** As the user knows it: `networking.serviceSubnet`. */
  readonly field: string;
  readonly from: string;
  readonly to: string;
  readonly because: string;
};

/** Pods move from one container runtime to another. */
export type RuntimeMove = {
  readonly from: RuntimePlace;
  readonly to: RuntimePlace;
  /** Those that move beside the components, `namespace/name`. */
  readonly pods: readonly string[];
};

export type RolloutPlan = {
  readonly components: readonly ComponentPlan[];
  /** Certificates and kubeconfigs that no component reads, and others that restart nothing. */
  readonly files: readonly Change[];
  /** What the objects in the cluster say differently, or lack. */
  readonly objects: readonly Change[];
  /** Why they could not be compared. */
  readonly objectsUnknown?: string;
  /** All certificates and kubeconfigs to issue anew, whoever reads them. */
  readonly reissue: readonly Reissue[];
  readonly move?: RuntimeMove;
  readonly blocked: readonly Blocked[];
  /** What somebody else changed since the last good revision and its component has taken up: nothing is to be done. */
  readonly takenUp: readonly Change[];
  /** What the configuration says differently from the last good revision's, whether anything runs by it or not. */
  readonly configuration: readonly Difference[];
  readonly notes: readonly string[];
};
