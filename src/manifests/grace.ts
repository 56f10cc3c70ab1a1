import type { ComponentName } from './component.ts';

/**
 * How long each component may take from SIGTERM to its exit, in seconds. The API server drains and is gone in 1.2 s with
 * watches open (--shutdown-watch-termination-grace-period); slow requests have the rest. More would only be waited for when
 * etcd is gone, as it then cannot take back its endpoints: over four minutes were seen. The controller manager and the
 * scheduler end at once and have nothing to finish. etcd serves nobody after SIGTERM, yet waits 7 s for its clients to end
 * their watches (server/embed/etcd.go Close, ReqTimeout): that long the API would be away at each change. What it has
 * acknowledged is on the disk, and a single member has no leadership to hand over.
 */
export const graceSeconds: Readonly<Record<ComponentName, number>> = {
  etcd: 0,
  'kube-apiserver': 15,
  'kube-controller-manager': 10,
  'kube-scheduler': 10,
};
