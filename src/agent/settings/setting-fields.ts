import {
  booleanOf,
  countOf,
  durationOf,
  type FieldReader,
  headersOf,
  isMap,
  labelsOf,
  limitOf,
  portOf,
  type Reading,
  sizeOf,
  taintsOf,
  textOf,
  textsOf,
} from './field-readers.ts';
import type { SettingsPart } from './settings.ts';

/** How a flag's text is made into the value that the field of the same meaning has. */
export type FlagForm = 'text' | 'number' | 'boolean' | 'list' | 'headers' | 'labels' | 'taints';

/** A setting that the kubelet has too: its field in a KubeletConfiguration, its flag, what it sets here. */
export type SettingField = {
  readonly field?: string;
  readonly flag?: string;
  readonly form: FlagForm;
  /** Relative to the directory of the file that it stands in, to the working directory in a flag. */
  readonly isPath?: boolean;
  read(reading: Reading): SettingsPart | undefined;
};

/** Fields and flags of the kubelet's that have a meaning here (kubernetes v1.37.2 cmd/kubelet/app/options/options.go). */
export const settingFields: readonly SettingField[] = [
  path('staticPodPath', 'pod-manifest-path', (staticPodPath) => ({ staticPodPath })),
  row('staticPodURL', 'manifest-url', 'text', urlOf, (url) => ({ manifestURL: url === '' ? undefined : url })),
  row('staticPodURLHeader', 'manifest-url-header', 'headers', headersOf, (manifestURLHeaders) => ({
    manifestURLHeaders,
  })),
  row('fileCheckFrequency', 'file-check-frequency', 'text', durationOf, (ms) => ({ fileCheckFrequencyMs: ms })),
  row('httpCheckFrequency', 'http-check-frequency', 'text', durationOf, (ms) => ({ httpCheckFrequencyMs: ms })),
  row('healthzPort', 'healthz-port', 'number', portOf, (healthzPort) => ({ healthzPort })),
  row('healthzBindAddress', 'healthz-bind-address', 'text', textOf, (healthzAddress) => ({ healthzAddress })),
  row('address', 'address', 'text', textOf, (address) => ({ address })),
  row('readOnlyPort', 'read-only-port', 'number', portOf, (readOnlyPort) => ({ readOnlyPort })),
  row('port', 'port', 'number', portOf, (kubeletPort) => ({ kubeletPort })),
  // The rest of it is as the kubelet has it by default, whatever is said: tokens by TokenReview, nobody anonymous.
  row('authentication', undefined, 'text', clientCAOf, (clientCAFile) => ({ clientCAFile })),
  path(undefined, 'client-ca-file', (clientCAFile) => ({ clientCAFile })),
  row('containerLogMaxSize', 'container-log-max-size', 'text', sizeOf, (bytes) => ({ containerLogMaxBytes: bytes })),
  row('containerLogMaxFiles', 'container-log-max-files', 'number', countOf, (files) => ({
    containerLogMaxFiles: files,
  })),
  row('crashLoopBackOff', undefined, 'text', restartPeriodOf, (ms) => ({ maxContainerRestartPeriodMs: ms })),
  row('seccompDefault', 'seccomp-default', 'boolean', booleanOf, (seccompDefault) => ({ seccompDefault })),
  row('allowedUnsafeSysctls', 'allowed-unsafe-sysctls', 'list', textsOf, (allowed) => ({
    allowedUnsafeSysctls: allowed,
  })),
  row('maxPods', 'max-pods', 'number', countOf, (maxPods) => ({ maxPods })),
  row('podPidsLimit', 'pod-max-pids', 'number', limitOf, (podPidsLimit) => ({ podPidsLimit })),
  row('cpuCFSQuota', 'cpu-cfs-quota', 'boolean', booleanOf, (cpuCfsQuota) => ({ cpuCfsQuota })),
  // One at a time only where somebody says so: a slow pull shall not hold up the others.
  row('serializeImagePulls', 'serialize-image-pulls', 'boolean', booleanOf, (serial) =>
    serial ? { maxParallelImagePulls: 1 } : {},
  ),
  row('maxParallelImagePulls', undefined, 'number', countOf, (count) =>
    count > 0 ? { maxParallelImagePulls: count } : {},
  ),
  row('clusterDNS', 'cluster-dns', 'list', textsOf, (clusterDNS) => ({ dns: { clusterDNS } })),
  row('clusterDomain', 'cluster-domain', 'text', textOf, (clusterDomain) => ({ dns: { clusterDomain } })),
  path('resolvConf', 'resolv-conf', (resolvConf = '') => ({ dns: { resolvConf } })),
  row('containerRuntimeEndpoint', undefined, 'text', textOf, (endpoint) => ({
    runtime: { type: 'auto', endpoint: endpoint === '' ? undefined : endpoint },
  })),
  row(undefined, 'node-labels', 'labels', labelsOf, (nodeLabels) => ({ nodeLabels })),
  path(undefined, 'kubeconfig', (kubeconfig) => ({ kubeconfig })),
  path(undefined, 'bootstrap-kubeconfig', (bootstrapKubeconfig) => ({ bootstrapKubeconfig })),
  path(undefined, 'cert-dir', (certDirectory) => ({ certDirectory })),
  row('registerNode', 'register-node', 'boolean', booleanOf, (registerNode) => ({ registerNode })),
  row('registerWithTaints', 'register-with-taints', 'taints', taintsOf, (registerWithTaints) => ({
    registerWithTaints,
  })),
  row('rotateCertificates', 'rotate-certificates', 'boolean', booleanOf, (rotate) => ({ rotateCertificates: rotate })),
  row('serverTLSBootstrap', 'rotate-server-certificates', 'boolean', booleanOf, (serverTLSBootstrap) => ({
    serverTLSBootstrap,
  })),
  path('tlsCertFile', 'tls-cert-file', (tlsCertFile) => ({ tlsCertFile })),
  path('tlsPrivateKeyFile', 'tls-private-key-file', (tlsPrivateKeyFile) => ({ tlsPrivateKeyFile })),
  row(undefined, 'hostname-override', 'text', textOf, (name) => ({ nodeName: name.trim().toLowerCase() })),
  row(undefined, 'image-archives', 'list', textsOf, (imageArchives) => ({ imageArchives })),
  row(undefined, 'pod-infra-container-image', 'text', textOf, (image) => ({ podInfraContainerImage: image })),
];

function row<T>(
  field: string | undefined,
  flag: string | undefined,
  form: FlagForm,
  read: FieldReader<T>,
  set: (value: T) => SettingsPart,
): SettingField {
  return {
    ...(field === undefined ? {} : { field }),
    ...(flag === undefined ? {} : { flag }),
    form,
    read: (reading) => {
      const value = read(reading);
      return value === undefined ? undefined : set(value);
    },
  };
}

/** An empty path is none. */
function path(field: string | undefined, flag: string, set: (path: string | undefined) => SettingsPart): SettingField {
  return { ...row(field, flag, 'text', textOf, (text) => set(text === '' ? undefined : text)), isPath: true };
}

function clientCAOf(reading: Reading): string | undefined {
  const { x509 } = isMap(reading.value) ? reading.value : {};
  const { clientCAFile } = isMap(x509) ? x509 : {};
  return clientCAFile === undefined || clientCAFile === ''
    ? undefined
    : textOf(reading.member('x509', x509).member('clientCAFile', clientCAFile));
}

function urlOf({ value, fail }: Reading): string | undefined {
  if (value === '') return '';
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return String(value);
  return void fail('a URL such as http://192.0.2.1/pods.yaml is expected');
}

function restartPeriodOf(reading: Reading): number | undefined {
  const { maxContainerRestartPeriod: period = '300s' } = isMap(reading.value) ? reading.value : {};
  const member = reading.member('maxContainerRestartPeriod', period);
  const ms = durationOf(member);
  // As the kubelet validates it (KEP-5593).
  if (ms !== undefined && (ms < 1000 || ms > 300_000)) return void member.fail('must be between 1s and 300s');
  return ms;
}
