import { parseDuration } from '../base/duration.ts';
import { normalizeIp } from '../kube/cidr.ts';
import { isVersionLabel, releaseVersion } from '../kube/version.ts';
import {
  defaultCaCertificateValidityMs,
  defaultCertificatesDir,
  defaultCertificateValidityMs,
  defaultEtcdDataDir,
  defaultImageRepository,
  defaultPorts,
  defaultServiceSubnet,
  defaultTimeoutsMs,
} from './constants.ts';
import type { Documents } from './kinds.ts';
import type {
  BootstrapConfiguration,
  ClusterConfiguration,
  ControlPlaneComponent,
  EtcdConfiguration,
  InitConfiguration,
  NodeRegistration,
  ResetConfiguration,
  Timeouts,
} from './types.ts';

/** What only the machine knows: see detect.ts. */
export type DetectedFacts = {
  readonly nodeName: string;
  readonly advertiseAddress: string;
  readonly bootstrapTokens: InitConfiguration['bootstrapTokens'];
  readonly imageArchives: readonly string[];
  readonly patchesDirectory: string | undefined;
};

type Init = NonNullable<Documents['InitConfiguration']>;
type Cluster = NonNullable<Documents['ClusterConfiguration']>;

/** The InitConfiguration with kubeadm's defaults (v1beta4/defaults.go). */
export function initWithDefaults(init: Init = {}, facts: DetectedFacts): InitConfiguration {
  return {
    bootstrapTokens: facts.bootstrapTokens,
    nodeRegistration: nodeRegistrationWithDefaults(init.nodeRegistration ?? {}, facts.nodeName),
    localAPIEndpoint: {
      advertiseAddress: facts.advertiseAddress,
      bindPort: init.localAPIEndpoint?.bindPort || 6443,
    },
    certificateKey: init.certificateKey || undefined,
    skipPhases: init.skipPhases ?? [],
    patchesDirectory: facts.patchesDirectory,
    timeouts: timeoutsWithDefaults(init.timeouts ?? {}),
    dryRun: init.dryRun ?? false,
  };
}

function nodeRegistrationWithDefaults(given: NonNullable<Init['nodeRegistration']>, name: string): NodeRegistration {
  return {
    name,
    criSocket: socketUrl(given.criSocket),
    taints: given.taints?.map(({ key = '', value, effect = '' }) => ({ key, ...(value ? { value } : {}), effect })),
    kubeletExtraArgs: argumentsOf(given.kubeletExtraArgs),
    // Case-insensitive, and a set (kubeadm ValidateIgnorePreflightErrors).
    ignorePreflightErrors: [...new Set(given.ignorePreflightErrors?.map((check) => check.toLowerCase()))].sort(),
    imagePullPolicy: given.imagePullPolicy ?? 'IfNotPresent',
    imagePullSerial: given.imagePullSerial ?? true,
  };
}

/** A path alone is the path of a unix socket (kubeadm SetNodeRegistrationDynamicDefaults). */
function socketUrl(socket: string | undefined): string | undefined {
  return socket?.startsWith('/') ? `unix://${socket}` : socket || undefined;
}

function timeoutsWithDefaults(given: NonNullable<Init['timeouts']>): Timeouts {
  const of = (name: keyof typeof defaultTimeoutsMs) => durationMs(given[name], defaultTimeoutsMs[name]);
  return {
    controlPlaneComponentHealthCheckMs: of('controlPlaneComponentHealthCheck'),
    kubeletHealthCheckMs: of('kubeletHealthCheck'),
    kubernetesAPICallMs: of('kubernetesAPICall'),
    etcdAPICallMs: of('etcdAPICall'),
    tlsBootstrapMs: of('tlsBootstrap'),
    discoveryMs: of('discovery'),
    upgradeManifestsMs: of('upgradeManifests'),
  };
}

/** The ClusterConfiguration with kubeadm's defaults; a version label is the version that this release is made for. */
export function clusterWithDefaults(given: Cluster = {}): ClusterConfiguration {
  return {
    kubernetesVersion: versionWithDefault(given.kubernetesVersion),
    clusterName: given.clusterName || 'kubernetes',
    controlPlaneEndpoint: given.controlPlaneEndpoint || undefined,
    networking: {
      serviceSubnet: given.networking?.serviceSubnet || defaultServiceSubnet,
      podSubnet: given.networking?.podSubnet || undefined,
      dnsDomain: given.networking?.dnsDomain || 'cluster.local',
    },
    etcd: etcdWithDefaults(given.etcd ?? {}),
    apiServer: { ...componentWithDefaults(given.apiServer), certSANs: sansOf(given.apiServer?.certSANs) },
    controllerManager: componentWithDefaults(given.controllerManager),
    scheduler: componentWithDefaults(given.scheduler),
    dns: {
      imageRepository: given.dns?.imageRepository || undefined,
      imageTag: given.dns?.imageTag || undefined,
      disabled: given.dns?.disabled ?? false,
    },
    proxy: { disabled: given.proxy?.disabled ?? false },
    certificatesDir: given.certificatesDir || defaultCertificatesDir,
    imageRepository: given.imageRepository || defaultImageRepository,
    featureGates: given.featureGates ?? {},
    encryptionAlgorithm: given.encryptionAlgorithm ?? 'RSA-2048',
    certificateValidityPeriodMs: durationMs(given.certificateValidityPeriod, defaultCertificateValidityMs),
    caCertificateValidityPeriodMs: durationMs(given.caCertificateValidityPeriod, defaultCaCertificateValidityMs),
  };
}

function versionWithDefault(given: string | undefined): string {
  if (!given || isVersionLabel(given)) return releaseVersion;
  return /^\d/.test(given) ? `v${given}` : given;
}

function etcdWithDefaults({ local, external }: NonNullable<Cluster['etcd']>): EtcdConfiguration {
  const useLocal = local !== undefined || external === undefined;
  return {
    ...(useLocal && {
      local: {
        imageRepository: local?.imageRepository || undefined,
        imageTag: local?.imageTag || undefined,
        dataDir: local?.dataDir || defaultEtcdDataDir,
        extraArgs: argumentsOf(local?.extraArgs),
        extraEnvs: environmentOf(local?.extraEnvs),
        serverCertSANs: sansOf(local?.serverCertSANs),
        peerCertSANs: sansOf(local?.peerCertSANs),
      },
    }),
    ...(external !== undefined && {
      external: {
        endpoints: external.endpoints ?? [],
        httpEndpoints: external.httpEndpoints?.length ? external.httpEndpoints : (external.endpoints ?? []),
        caFile: external.caFile ?? '',
        certFile: external.certFile ?? '',
        keyFile: external.keyFile ?? '',
      },
    }),
  };
}

function componentWithDefaults(given: Cluster['scheduler'] = {}): ControlPlaneComponent {
  return {
    extraArgs: argumentsOf(given.extraArgs),
    extraVolumes: (given.extraVolumes ?? []).map(
      ({ name = '', hostPath = '', mountPath = '', readOnly, pathType }) => ({
        name,
        hostPath,
        mountPath,
        readOnly: readOnly ?? false,
        pathType,
      }),
    ),
    extraEnvs: environmentOf(given.extraEnvs),
  };
}

type GivenArguments = NonNullable<Cluster['scheduler']>['extraArgs'];
type GivenEnvironment = NonNullable<Cluster['scheduler']>['extraEnvs'];

function argumentsOf(given: GivenArguments = []): ControlPlaneComponent['extraArgs'] {
  return given.map(({ name = '', value = '' }) => ({ name, value }));
}

function environmentOf(given: GivenEnvironment = []): ControlPlaneComponent['extraEnvs'] {
  return given.map((variable) => {
    const fieldRef = variable.valueFrom?.fieldRef;
    if (fieldRef === undefined) return { ...variable, name: variable.name ?? '' };
    const valueFrom = { ...variable.valueFrom, fieldRef: { ...fieldRef, apiVersion: fieldRef.apiVersion || 'v1' } };
    return { ...variable, name: variable.name ?? '', valueFrom };
  });
}

/** Some DNS names (such as of load balancers) come with capitals (kubeadm LowercaseSANs). */
function sansOf(given: readonly string[] = []): readonly string[] {
  return given.map((san) => normalizeIp(san) ?? san.toLowerCase());
}

/** The BootstrapConfiguration with the defaults of contract 2. */
export function bootstrapWithDefaults(
  given: NonNullable<Documents['BootstrapConfiguration']> = {},
  archives: readonly string[],
): BootstrapConfiguration {
  const { runtime = {}, rollout = {}, ports = {} } = given;
  return {
    runtime: { type: runtime.type ?? 'auto', endpoint: socketUrl(runtime.endpoint) },
    images: { archives },
    rollout: {
      apiServer: rollout.apiServer ?? 'overlap',
      healthTimeoutMs: durationMs(rollout.healthTimeout, 240_000),
      settleMs: durationMs(rollout.settle, 10_000),
      keepRevisions: rollout.keepRevisions ?? 10,
      guardHandEdits: rollout.guardHandEdits ?? false,
    },
    ports: { ...defaultPorts, ...Object.fromEntries(Object.entries(ports).filter(([, port]) => port !== undefined)) },
  };
}

/** The ResetConfiguration with kubeadm's defaults. */
export function resetWithDefaults(given: NonNullable<Documents['ResetConfiguration']> = {}): ResetConfiguration {
  return {
    cleanupTmpDir: given.cleanupTmpDir ?? false,
    force: given.force ?? false,
    skipPhases: given.skipPhases ?? [],
    ignorePreflightErrors: [...new Set(given.ignorePreflightErrors?.map((check) => check.toLowerCase()))].sort(),
    unmountFlags: given.unmountFlags ?? [],
  };
}

/** Decoding has let only durations through. */
function durationMs(text: string | undefined, defaultMs: number): number {
  return text === undefined ? defaultMs : (parseDuration(text) ?? defaultMs);
}
