import type { Config } from '../../src/config/types.ts';

/** A default configuration of a machine called node1 at 192.0.2.10, changed where a test says so. */
export function aConfig(change: (config: Config) => Config = (config) => config): Config {
  const component = { extraArgs: [], extraVolumes: [], extraEnvs: [] };
  return change({
    init: {
      bootstrapTokens: [],
      nodeRegistration: {
        name: 'node1',
        criSocket: undefined,
        taints: undefined,
        kubeletExtraArgs: [],
        ignorePreflightErrors: [],
        imagePullPolicy: 'IfNotPresent',
        imagePullSerial: true,
      },
      localAPIEndpoint: { advertiseAddress: '192.0.2.10', bindPort: 6443 },
      certificateKey: undefined,
      skipPhases: [],
      patchesDirectory: undefined,
      timeouts: {
        controlPlaneComponentHealthCheckMs: 240_000,
        kubeletHealthCheckMs: 240_000,
        kubernetesAPICallMs: 60_000,
        etcdAPICallMs: 120_000,
        tlsBootstrapMs: 300_000,
        discoveryMs: 300_000,
        upgradeManifestsMs: 300_000,
      },
      dryRun: false,
    },
    cluster: {
      kubernetesVersion: 'v1.37.2',
      clusterName: 'kubernetes',
      controlPlaneEndpoint: undefined,
      networking: { serviceSubnet: '10.96.0.0/12', podSubnet: undefined, dnsDomain: 'cluster.local' },
      etcd: {
        local: {
          imageRepository: undefined,
          imageTag: undefined,
          dataDir: '/var/lib/etcd',
          extraArgs: [],
          extraEnvs: [],
          serverCertSANs: [],
          peerCertSANs: [],
        },
      },
      apiServer: { ...component, certSANs: [] },
      controllerManager: component,
      scheduler: component,
      dns: { imageRepository: undefined, imageTag: undefined, disabled: false },
      proxy: { disabled: false },
      certificatesDir: '/etc/kubernetes/pki',
      imageRepository: 'registry.k8s.io',
      featureGates: {},
      encryptionAlgorithm: 'RSA-2048',
      certificateValidityPeriodMs: 8760 * 3_600_000,
      caCertificateValidityPeriodMs: 87_600 * 3_600_000,
    },
    bootstrap: {
      runtime: { type: 'auto', endpoint: undefined },
      images: { archives: [] },
      rollout: {
        apiServer: 'overlap',
        healthTimeoutMs: 240_000,
        settleMs: 10_000,
        keepRevisions: 10,
        guardHandEdits: false,
      },
      ports: {
        etcdClient: 2379,
        etcdPeer: 2380,
        etcdMetrics: 2381,
        controllerManager: 10257,
        scheduler: 10259,
        agentHealth: 10248,
        kubeletApi: 10250,
      },
    },
    reset: { cleanupTmpDir: false, force: false, skipPhases: [], ignorePreflightErrors: [], unmountFlags: [] },
    kubelet: undefined,
    kubeProxy: undefined,
    warnings: [],
  });
}
