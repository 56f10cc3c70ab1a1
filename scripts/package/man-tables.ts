type Rows = readonly (readonly [name: string, meaning: string])[];

/** What bootstrap(1) says beside the commands. */
export const exitCodes: Rows = [
  ['0', 'Done.'],
  ['1', 'Failed while acting; the message says what, and what to do next.'],
  ['2', 'Refused before anything running was touched: preflight, canary, version skew, an unchangeable field, a lock.'],
  ['3', 'Wrong usage or configuration.'],
  ['4', 'Timed out with nothing to go back to.'],
  ['5', 'A change failed or timed out; the last good revision is back and healthy.'],
  ['10', 'plan and drift found differences.'],
  ['70', 'A bug of bootstrap.'],
  ['130', 'Interrupted; what was begun is finished or undone.'],
];

export const environment: Rows = [
  ['NO_COLOR', 'Plain text, when it is set.'],
  ['XDG_CACHE_HOME', 'Image archives are looked for in kube-bootstrap/images below it (default ~/.cache).'],
  ['HTTPS_PROXY, HTTP_PROXY, NO_PROXY', 'Go into the manifests that init makes, as with kubeadm.'],
];

export const files: Rows = [
  ['/etc/kubernetes/', 'Manifests, certificates and kubeconfigs, laid out as kubeadm has them.'],
  ['/var/lib/etcd/', 'The data of etcd.'],
  ['/var/lib/bootstrap/', 'Revisions, snapshots, and what the agent remembers.'],
  ['/etc/default/bootstrap-agent', 'Flags and environment of the agent, where systemd runs it.'],
];
