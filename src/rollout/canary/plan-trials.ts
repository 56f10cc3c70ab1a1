import { componentNames } from '../../health/manifest-files.ts';
import type { ComponentName } from '../../manifests/component.ts';

/** A component to start beside the running one: because it changes, or because one that changes needs it. */
export type PlannedTrial = { readonly component: ComponentName; readonly role: 'changed' | 'server' };

/** Whom each needs before it can be ready. */
export const serverOf: Readonly<Partial<Record<ComponentName, ComponentName>>> = {
  'kube-apiserver': 'etcd',
  'kube-controller-manager': 'kube-apiserver',
  'kube-scheduler': 'kube-apiserver',
};

/** Those that restart, and the servers that they need, in the rolling order. */
export function planTrials(restarting: readonly ComponentName[]): readonly PlannedTrial[] {
  const needed = new Set<ComponentName>();
  for (const component of restarting) {
    for (let next: ComponentName | undefined = component; next !== undefined; next = serverOf[next]) needed.add(next);
  }
  return componentNames
    .filter((component) => needed.has(component))
    .map((component) => ({ component, role: restarting.includes(component) ? 'changed' : 'server' }));
}
