import type { ComponentName } from '../manifests/component.ts';

/** The order in which components are changed: who is served before who is a client. */
export const rollingOrder: readonly ComponentName[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
];
