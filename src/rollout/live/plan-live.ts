import type { ComponentName } from '../../manifests/component.ts';
import type { ComponentPlan, RolloutPlan } from '../types.ts';

/** A log verbosity to set in a running component, until it starts again. */
export type LiveStep = { readonly component: ComponentName; readonly from: string; readonly to: string };

/** `left` is what a running component cannot be told, by what it is, with the reason. */
export type LivePlan = {
  readonly steps: readonly LiveStep[];
  readonly left: readonly { readonly what: string; readonly because: string }[];
};

const verbosity = '--v';
/** klog's own default. */
const defaultVerbosity = '0';

/**
 * Who takes another `--v` at `/debug/flags/v`: apiserver/pkg/server/config.go, controller-manager/app/serve.go and
 * cmd/kube-scheduler/app/server.go of v1.37.2. etcd has no such door since its v2 API went (v3.7.0).
 */
const withDebugFlags: readonly ComponentName[] = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/**
 * What `apply --live` does of a plan. A static pod whose manifest changes is another pod, so nothing is written: what is set
 * here lasts until the component starts again, and the next plan shows the same differences until they are applied.
 */
export function planLive({ components, files }: Pick<RolloutPlan, 'components' | 'files'>): LivePlan {
  return {
    steps: components.flatMap(stepOf),
    left: [
      ...components.flatMap(leftOf),
      ...files.map(({ name }) => ({ what: name, because: '`bootstrap apply` issues it, without a restart' })),
    ],
  };
}

function stepOf({ component, changes }: ComponentPlan): readonly LiveStep[] {
  const change = changes.find(({ what, name }) => what === 'flag' && name === verbosity);
  if (change === undefined || !withDebugFlags.includes(component)) return [];
  return [{ component, from: change.from ?? defaultVerbosity, to: change.to ?? defaultVerbosity }];
}

function leftOf(plan: ComponentPlan): readonly { readonly what: string; readonly because: string }[] {
  const { component, changes, restart } = plan;
  const set = stepOf(plan).length > 0;
  const others = changes.filter(({ what, name }) => !(set && what === 'flag' && name === verbosity));
  if (others.length === 0 && (set || !restart)) return [];
  const names = others.map(({ name }) => name).join(', ') || 'what runs';
  if (!restart) return [{ what: component, because: `${names}: \`bootstrap apply\` puts it right, without a restart` }];
  return [{ what: component, because: `${names}: it takes that up only when it starts` }];
}
