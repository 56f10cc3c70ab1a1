import { normalizeIp } from '../kube/cidr.ts';
import { isVersionLabel, releaseVersion } from '../kube/version.ts';
import {
  defaultCaCertificateValidityMs,
  defaultCertificatesDir,
  defaultCertificateValidityMs,
  defaultEtcdDataDir,
  defaultImageRepository,
  defaultServiceSubnet,
} from './constants.ts';
import { isHost, splitHostPort, withPort } from './endpoints.ts';
import { argumentsOf, durationMs } from './given.ts';
import type { Documents } from './kinds.ts';
import type { ClusterConfiguration, ControlPlaneComponent, EtcdConfiguration } from './types.ts';

type Cluster = NonNullable<Documents['ClusterConfiguration']>;

/**
 * The ClusterConfiguration with kubeadm's defaults; a version label is the version that this release is made for. A file
 * with only a ResetConfiguration says there where the certificates are.
 */
export function clusterWithDefaults(documents: Documents, bindPort: number): ClusterConfiguration {
  const given: Cluster = documents.ClusterConfiguration ?? {};
  return {
    kubernetesVersion: versionWithDefault(given.kubernetesVersion),
    clusterName: given.clusterName || 'kubernetes',
    controlPlaneEndpoint: endpointWithPort(given.controlPlaneEndpoint, bindPort),
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
    certificatesDir: given.certificatesDir || documents.ResetConfiguration?.certificatesDir || defaultCertificatesDir,
    imageRepository: given.imageRepository || defaultImageRepository,
    featureGates: given.featureGates ?? {},
    encryptionAlgorithm: given.encryptionAlgorithm ?? 'RSA-2048',
    certificateValidityPeriodMs: durationMs(given.certificateValidityPeriod, defaultCertificateValidityMs),
    caCertificateValidityPeriodMs: durationMs(given.caCertificateValidityPeriod, defaultCaCertificateValidityMs),
  };
}

/** With the port of this API server where none is given, so that members with another bindPort find it (kubeadm too). */
function endpointWithPort(given: string | undefined, bindPort: number): string | undefined {
  return given && isHost(splitHostPort(given).host) ? withPort(given, bindPort) : given || undefined;
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

type GivenEnvironment = NonNullable<Cluster['scheduler']>['extraEnvs'];

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
