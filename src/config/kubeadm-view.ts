import { formatDuration } from '../base/duration.ts';
import { isMapping } from './decode.ts';
import { withPort } from './endpoints.ts';
import { kubeadmApiVersion } from './kinds.ts';
import type { BootstrapToken, Config, ControlPlaneComponent, EtcdConfiguration, Timeouts } from './types.ts';

type Document = Readonly<Record<string, unknown>>;

/**
 * The ClusterConfiguration as kubeadm writes it with all defaults (into ConfigMap kubeadm-config, among others): keys in
 * alphabetical order at every depth, empty members left out where its Go types say `omitempty`.
 */
export function clusterConfigurationDocument({ cluster, init }: Config): Document {
  const { apiServer, controlPlaneEndpoint, featureGates, networking } = cluster;
  return alphabetical({
    apiVersion: kubeadmApiVersion,
    kind: 'ClusterConfiguration',
    apiServer: { ...componentView(apiServer), ...withoutEmpty({ certSANs: apiServer.certSANs }) },
    caCertificateValidityPeriod: formatDuration(cluster.caCertificateValidityPeriodMs),
    certificateValidityPeriod: formatDuration(cluster.certificateValidityPeriodMs),
    certificatesDir: cluster.certificatesDir,
    clusterName: cluster.clusterName,
    ...(controlPlaneEndpoint !== undefined && {
      controlPlaneEndpoint: withPort(controlPlaneEndpoint, init.localAPIEndpoint.bindPort),
    }),
    controllerManager: componentView(cluster.controllerManager),
    dns: withoutEmpty(cluster.dns),
    encryptionAlgorithm: cluster.encryptionAlgorithm,
    etcd: etcdView(cluster.etcd),
    ...(Object.keys(featureGates).length > 0 && { featureGates }),
    imageRepository: cluster.imageRepository,
    kubernetesVersion: cluster.kubernetesVersion,
    networking: withoutEmpty(networking),
    proxy: withoutEmpty(cluster.proxy),
    scheduler: componentView(cluster.scheduler),
  });
}

/** The InitConfiguration as kubeadm writes it with all defaults; its secrets (tokens, certificateKey) only with `secrets`. */
export function initConfigurationDocument({ init }: Config, options: { readonly secrets: boolean }): Document {
  const { certificateKey, dryRun, patchesDirectory, skipPhases } = init;
  const { taints, imagePullSerial, ...registration } = init.nodeRegistration;
  return alphabetical({
    apiVersion: kubeadmApiVersion,
    kind: 'InitConfiguration',
    bootstrapTokens: init.bootstrapTokens.map((token) => tokenView(token, options.secrets)),
    localAPIEndpoint: init.localAPIEndpoint,
    nodeRegistration: { ...withoutEmpty(registration), imagePullSerial, ...(taints && { taints }) },
    ...withoutEmpty({ dryRun, skipPhases, ...(options.secrets && { certificateKey }) }),
    ...(patchesDirectory !== undefined && { patches: { directory: patchesDirectory } }),
    timeouts: timeoutsView(init.timeouts),
  });
}

/** The ResetConfiguration as kubeadm writes it. */
export function resetConfigurationDocument({ reset, cluster, init }: Config): Document {
  return alphabetical({
    apiVersion: kubeadmApiVersion,
    kind: 'ResetConfiguration',
    certificatesDir: cluster.certificatesDir,
    ...withoutEmpty(reset),
    timeouts: timeoutsView(init.timeouts),
  });
}

function tokenView({ ttlMs, token, generated: _generated, ...rest }: BootstrapToken, secrets: boolean): Document {
  return {
    ...withoutEmpty(rest),
    ...(secrets && { token }),
    ...(ttlMs !== undefined && { ttl: formatDuration(ttlMs) }),
  };
}

function timeoutsView(timeouts: Timeouts): Document {
  return Object.fromEntries(
    Object.entries(timeouts).map(([name, ms]) => [name.replace(/Ms$/, ''), formatDuration(ms)]),
  );
}

function componentView({ extraArgs, extraEnvs, extraVolumes }: ControlPlaneComponent): Document {
  return withoutEmpty({ extraArgs, extraEnvs, extraVolumes: extraVolumes.map(withoutEmpty) });
}

function etcdView({ local, external }: EtcdConfiguration): Document {
  if (external === undefined) return { local: withoutEmpty(local ?? {}) };
  const { httpEndpoints, ...always } = external;
  return { external: { ...always, ...withoutEmpty({ httpEndpoints }) } };
}

/** Go's `omitempty`: no undefined, empty text, false, or list without members. */
function withoutEmpty(members: Readonly<Record<string, unknown>>): Document {
  const there = Object.entries(members).filter(([, value]) => {
    if (Array.isArray(value)) return value.length > 0;
    return value !== undefined && value !== '' && value !== false;
  });
  return Object.fromEntries(there);
}

/** The same with the keys of all maps in order, as Go and sigs.k8s.io/yaml write them. */
export function alphabetical(value: Document): Document {
  const inside = (member: unknown): unknown => {
    if (Array.isArray(member)) return member.map(inside);
    return isMapping(member) ? alphabetical(member) : member;
  };
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, member]) => [name, inside(member)]));
}
