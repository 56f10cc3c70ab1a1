import { formatDuration } from '../base/duration.ts';
import { controlPlaneTaint } from './constants.ts';
import { withPort } from './endpoints.ts';
import { kubeadmApiVersion } from './kinds.ts';
import type { BootstrapToken, Config, ControlPlaneComponent, EtcdConfiguration, Timeouts } from './types.ts';

type Document = Readonly<Record<string, unknown>>;

/**
 * The ClusterConfiguration as kubeadm writes it with all defaults (into ConfigMap kubeadm-config, among others): keys in
 * alphabetical order, empty members left out where its Go types say `omitempty`.
 */
export function clusterConfigurationDocument(config: Config): Document {
  const { cluster, init } = config;
  const endpoint = cluster.controlPlaneEndpoint;
  return {
    apiServer: {
      ...(cluster.apiServer.certSANs.length > 0 && { certSANs: cluster.apiServer.certSANs }),
      ...componentView(cluster.apiServer),
    },
    apiVersion: kubeadmApiVersion,
    caCertificateValidityPeriod: formatDuration(cluster.caCertificateValidityPeriodMs),
    certificateValidityPeriod: formatDuration(cluster.certificateValidityPeriodMs),
    certificatesDir: cluster.certificatesDir,
    clusterName: cluster.clusterName,
    ...(endpoint !== undefined && { controlPlaneEndpoint: withPort(endpoint, init.localAPIEndpoint.bindPort) }),
    controllerManager: componentView(cluster.controllerManager),
    dns: withoutEmpty({ ...cluster.dns }),
    encryptionAlgorithm: cluster.encryptionAlgorithm,
    etcd: etcdView(cluster.etcd),
    ...(Object.keys(cluster.featureGates).length > 0 && { featureGates: cluster.featureGates }),
    imageRepository: cluster.imageRepository,
    kind: 'ClusterConfiguration',
    kubernetesVersion: cluster.kubernetesVersion,
    networking: withoutEmpty({
      dnsDomain: cluster.networking.dnsDomain,
      podSubnet: cluster.networking.podSubnet,
      serviceSubnet: cluster.networking.serviceSubnet,
    }),
    proxy: withoutEmpty({ ...cluster.proxy }),
    scheduler: componentView(cluster.scheduler),
  };
}

/** The InitConfiguration as kubeadm writes it with all defaults; its secrets (tokens, certificateKey) only with `secrets`. */
export function initConfigurationDocument({ init }: Config, options: { readonly secrets: boolean }): Document {
  const registration = init.nodeRegistration;
  return {
    apiVersion: kubeadmApiVersion,
    bootstrapTokens: init.bootstrapTokens.map((token) => tokenView(token, options.secrets)),
    ...(options.secrets && init.certificateKey !== undefined && { certificateKey: init.certificateKey }),
    ...(init.dryRun && { dryRun: true }),
    kind: 'InitConfiguration',
    localAPIEndpoint: { ...init.localAPIEndpoint },
    nodeRegistration: {
      ...withoutEmpty({
        criSocket: registration.criSocket,
        ignorePreflightErrors: registration.ignorePreflightErrors,
        imagePullPolicy: registration.imagePullPolicy,
      }),
      imagePullSerial: registration.imagePullSerial,
      ...withoutEmpty({ kubeletExtraArgs: registration.kubeletExtraArgs, name: registration.name }),
      taints: registration.taints ?? [controlPlaneTaint],
    },
    ...(init.patchesDirectory !== undefined && { patches: { directory: init.patchesDirectory } }),
    ...(init.skipPhases.length > 0 && { skipPhases: init.skipPhases }),
    timeouts: timeoutsView(init.timeouts),
  };
}

/** The ResetConfiguration as kubeadm writes it. */
export function resetConfigurationDocument({ reset, cluster, init }: Config): Document {
  return {
    apiVersion: kubeadmApiVersion,
    certificatesDir: cluster.certificatesDir,
    ...withoutEmpty({
      cleanupTmpDir: reset.cleanupTmpDir,
      force: reset.force,
      ignorePreflightErrors: reset.ignorePreflightErrors,
    }),
    kind: 'ResetConfiguration',
    ...withoutEmpty({ skipPhases: reset.skipPhases }),
    timeouts: timeoutsView(init.timeouts),
    ...withoutEmpty({ unmountFlags: reset.unmountFlags }),
  };
}

function tokenView({ token, description, ttlMs, expires, usages, groups }: BootstrapToken, secrets: boolean): Document {
  return {
    ...withoutEmpty({ description, expires, groups }),
    ...(secrets && { token }),
    ...(ttlMs !== undefined && { ttl: formatDuration(ttlMs) }),
    usages,
  };
}

function timeoutsView(timeouts: Timeouts): Document {
  const members = Object.entries(timeouts).map(([name, ms]) => [name.replace(/Ms$/, ''), formatDuration(ms)] as const);
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function componentView({ extraArgs, extraEnvs, extraVolumes }: ControlPlaneComponent): Document {
  const volumes = extraVolumes.map(({ hostPath, mountPath, name, pathType, readOnly }) => ({
    hostPath,
    mountPath,
    name,
    ...withoutEmpty({ pathType, readOnly }),
  }));
  return withoutEmpty({ extraArgs, extraEnvs, extraVolumes: volumes });
}

function etcdView({ local, external }: EtcdConfiguration): Document {
  if (external !== undefined) {
    const { caFile, certFile, endpoints, httpEndpoints, keyFile } = external;
    return { external: { caFile, certFile, endpoints, ...withoutEmpty({ httpEndpoints }), keyFile } };
  }
  if (local === undefined) return {};
  const { dataDir, extraArgs, extraEnvs, imageRepository, imageTag, peerCertSANs, serverCertSANs } = local;
  return {
    local: {
      dataDir,
      ...withoutEmpty({ extraArgs, extraEnvs, imageRepository, imageTag, peerCertSANs, serverCertSANs }),
    },
  };
}

/** Go's `omitempty`: no undefined, empty text, false, or list without members. */
function withoutEmpty(members: Readonly<Record<string, unknown>>): Document {
  const there = Object.entries(members).filter(([, value]) => {
    if (Array.isArray(value)) return value.length > 0;
    return value !== undefined && value !== '' && value !== false;
  });
  return Object.fromEntries(there);
}
