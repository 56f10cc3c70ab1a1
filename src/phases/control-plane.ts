import type { ComponentName } from '../manifests/component.ts';
import type { Phase } from './phase.ts';
import { writeManifests } from './write-manifests.ts';

const subphases: readonly { readonly name: string; readonly component: ComponentName }[] = [
  { name: 'apiserver', component: 'kube-apiserver' },
  { name: 'controller-manager', component: 'kube-controller-manager' },
  { name: 'scheduler', component: 'kube-scheduler' },
];

/** Makes the manifests of the control plane; none is written unless all can be. */
export const controlPlanePhase: Phase = {
  name: 'control-plane',
  summary: 'Generate the static pod manifests of the control plane',
  run: (context) =>
    writeManifests(
      context,
      subphases.map(({ component }) => component),
    ),
  phases: subphases.map(({ name, component }) => ({
    name,
    summary: `Generate the manifest of ${component}`,
    run: (context) => writeManifests(context, [component]),
  })),
};
