import type { ComponentName } from './component.ts';

/**
 * How long each component may take from SIGTERM to its exit, in seconds. The API server drains and is gone in 1.2 s with
 * watches open (--shutdown-watch-termination-grace-period); slow requests have the rest. More would only be waited for when
 * etcd is gone, as it then cannot take back its endpoints: over four minutes were seen. The controller manager and the
 * scheduler end at once and have nothing to finish; etcd may have to hand over leadership and sync its log.
 */
export const graceSeconds: Readonly<Record<ComponentName, number>> = {
  etcd: 30,
  'kube-apiserver': 15,
  'kube-controller-manager': 10,
  'kube-scheduler': 10,
};
