const hourMs = 3_600_000;
const minuteMs = 60_000;

export const defaultImageRepository = 'registry.k8s.io';
export const defaultServiceSubnet = '10.96.0.0/12';
export const defaultCertificatesDir = '/etc/kubernetes/pki';
export const defaultEtcdDataDir = '/var/lib/etcd';
export const defaultTokenGroup = 'system:bootstrappers:kubeadm:default-node-token';
export const defaultTokenTtlMs = 24 * hourMs;
export const defaultCertificateValidityMs = 8760 * hourMs;
export const defaultCaCertificateValidityMs = 87_600 * hourMs;

/** kubeadm constants.go; the names are those of the `timeouts` document. */
export const defaultTimeoutsMs = {
  controlPlaneComponentHealthCheck: 4 * minuteMs,
  kubeletHealthCheck: 4 * minuteMs,
  kubernetesAPICall: minuteMs,
  etcdAPICall: 2 * minuteMs,
  tlsBootstrap: 5 * minuteMs,
  discovery: 5 * minuteMs,
  upgradeManifests: 5 * minuteMs,
} as const;

export const defaultPorts = {
  etcdClient: 2379,
  etcdPeer: 2380,
  etcdMetrics: 2381,
  controllerManager: 10257,
  scheduler: 10259,
  agentHealth: 10248,
  kubeletApi: 10250,
} as const;

/** The taint of a control plane's node when nodeRegistration.taints is absent. */
export const controlPlaneTaint = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' } as const;
