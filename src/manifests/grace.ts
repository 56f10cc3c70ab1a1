import type { ComponentName } from './component.ts';

/** How long each component may take from SIGTERM to its exit, in seconds. */
export const graceSeconds: Readonly<Record<ComponentName, number>> = {
  etcd: 30,
  'kube-apiserver': 30,
  'kube-controller-manager': 30,
  'kube-scheduler': 30,
};
