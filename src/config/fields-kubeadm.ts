import { list, map, object, oneOf } from './schema.ts';

/** The documents of kubeadm.k8s.io/v1beta4 (cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go, v1.37.2). */

const imagePullPolicy = oneOf('Always', 'IfNotPresent', 'Never');
const argument = object({ name: 'string', value: 'string' });

/** core/v1 Taint. */
export const taint = object({
  key: 'string',
  value: 'string',
  effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
  timeAdded: 'time',
});

/** core/v1 EnvVar. */
const environmentVariable = object({
  name: 'string',
  value: 'string',
  valueFrom: object({
    fieldRef: object({ apiVersion: 'string', fieldPath: 'string' }),
    resourceFieldRef: object({ containerName: 'string', resource: 'string', divisor: 'quantity' }),
    configMapKeyRef: object({ name: 'string', key: 'string', optional: 'boolean' }),
    secretKeyRef: object({ name: 'string', key: 'string', optional: 'boolean' }),
    fileKeyRef: object({ volumeName: 'string', path: 'string', key: 'string', optional: 'boolean' }),
  }),
});

const hostPathMount = object({
  name: 'string',
  hostPath: 'string',
  mountPath: 'string',
  readOnly: 'boolean',
  pathType: oneOf('DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice'),
});

const nodeRegistration = object({
  name: 'string',
  criSocket: 'string',
  taints: list(taint),
  kubeletExtraArgs: list(argument),
  ignorePreflightErrors: list('string'),
  imagePullPolicy,
  imagePullSerial: 'boolean',
});

const bootstrapToken = object({
  token: 'string',
  description: 'string',
  ttl: 'duration',
  expires: 'time',
  usages: list(oneOf('signing', 'authentication')),
  groups: list('string'),
});

const localAPIEndpoint = object({ advertiseAddress: 'string', bindPort: 'int32' });
const patches = object({ directory: 'string' });

const timeouts = object({
  controlPlaneComponentHealthCheck: 'duration',
  kubeletHealthCheck: 'duration',
  kubernetesAPICall: 'duration',
  etcdAPICall: 'duration',
  tlsBootstrap: 'duration',
  discovery: 'duration',
  upgradeManifests: 'duration',
});

const component = {
  extraArgs: list(argument),
  extraVolumes: list(hostPathMount),
  extraEnvs: list(environmentVariable),
} as const;

export const initConfiguration = object({
  bootstrapTokens: list(bootstrapToken),
  dryRun: 'boolean',
  nodeRegistration,
  localAPIEndpoint,
  certificateKey: 'string',
  skipPhases: list('string'),
  patches,
  timeouts,
});

export const clusterConfiguration = object({
  etcd: object({
    local: object({
      imageRepository: 'string',
      imageTag: 'string',
      dataDir: 'string',
      extraArgs: list(argument),
      extraEnvs: list(environmentVariable),
      serverCertSANs: list('string'),
      peerCertSANs: list('string'),
    }),
    external: object({
      endpoints: list('string'),
      httpEndpoints: list('string'),
      caFile: 'string',
      certFile: 'string',
      keyFile: 'string',
    }),
  }),
  networking: object({ serviceSubnet: 'string', podSubnet: 'string', dnsDomain: 'string' }),
  kubernetesVersion: 'string',
  controlPlaneEndpoint: 'string',
  apiServer: object({ ...component, certSANs: list('string') }),
  controllerManager: object(component),
  scheduler: object(component),
  dns: object({ imageRepository: 'string', imageTag: 'string', disabled: 'boolean' }),
  proxy: object({ disabled: 'boolean' }),
  certificatesDir: 'string',
  imageRepository: 'string',
  featureGates: map('boolean'),
  clusterName: 'string',
  encryptionAlgorithm: oneOf('RSA-2048', 'RSA-3072', 'RSA-4096', 'ECDSA-P256', 'ECDSA-P384'),
  certificateValidityPeriod: 'duration',
  caCertificateValidityPeriod: 'duration',
});

export const joinConfiguration = object({
  dryRun: 'boolean',
  nodeRegistration,
  caCertPath: 'string',
  discovery: object({
    bootstrapToken: object({
      token: 'string',
      apiServerEndpoint: 'string',
      caCertHashes: list('string'),
      unsafeSkipCAVerification: 'boolean',
    }),
    file: object({ kubeConfigPath: 'string' }),
    tlsBootstrapToken: 'string',
  }),
  controlPlane: object({ localAPIEndpoint, certificateKey: 'string' }),
  skipPhases: list('string'),
  patches,
  timeouts,
});

export const resetConfiguration = object({
  cleanupTmpDir: 'boolean',
  certificatesDir: 'string',
  criSocket: 'string',
  dryRun: 'boolean',
  force: 'boolean',
  ignorePreflightErrors: list('string'),
  skipPhases: list('string'),
  unmountFlags: list(oneOf('MNT_FORCE', 'MNT_DETACH', 'MNT_EXPIRE', 'UMOUNT_NOFOLLOW')),
  timeouts,
});

const upgradeImages = { imagePullPolicy, imagePullSerial: 'boolean' } as const;

export const upgradeConfiguration = object({
  apply: object({
    kubernetesVersion: 'string',
    allowExperimentalUpgrades: 'boolean',
    allowRCUpgrades: 'boolean',
    certificateRenewal: 'boolean',
    dryRun: 'boolean',
    etcdUpgrade: 'boolean',
    forceUpgrade: 'boolean',
    ignorePreflightErrors: list('string'),
    patches,
    printConfig: 'boolean',
    skipPhases: list('string'),
    ...upgradeImages,
  }),
  diff: object({ kubernetesVersion: 'string', contextLines: 'int64' }),
  node: object({
    certificateRenewal: 'boolean',
    dryRun: 'boolean',
    etcdUpgrade: 'boolean',
    ignorePreflightErrors: list('string'),
    skipPhases: list('string'),
    patches,
    ...upgradeImages,
  }),
  plan: object({
    kubernetesVersion: 'string',
    allowExperimentalUpgrades: 'boolean',
    allowRCUpgrades: 'boolean',
    dryRun: 'boolean',
    etcdUpgrade: 'boolean',
    ignorePreflightErrors: list('string'),
    printConfig: 'boolean',
  }),
  timeouts,
});
