/**
 * What Go writes of a KubeletConfiguration in which nothing is set: the fields without `omitempty` (k8s.io/kubelet v0.37.2,
 * config/v1beta1/types.go). The kubelet reads all of them as "not set".
 */
export const emptyKubeletConfiguration: Readonly<Record<string, unknown>> = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  authentication: { anonymous: {}, webhook: { cacheTTL: '0s' }, x509: {} },
  authorization: { webhook: { cacheAuthorizedTTL: '0s', cacheUnauthorizedTTL: '0s' } },
  containerRuntimeEndpoint: '',
  cpuManagerReconcilePeriod: '0s',
  crashLoopBackOff: {},
  evictionPressureTransitionPeriod: '0s',
  fileCheckFrequency: '0s',
  httpCheckFrequency: '0s',
  imageMaximumGCAge: '0s',
  imageMinimumGCAge: '0s',
  kind: 'KubeletConfiguration',
  logging: {
    flushFrequency: 0,
    options: { json: { infoBufferSize: '0' }, text: { infoBufferSize: '0' } },
    verbosity: 0,
  },
  memorySwap: {},
  nodeStatusReportFrequency: '0s',
  nodeStatusUpdateFrequency: '0s',
  runtimeRequestTimeout: '0s',
  shutdownGracePeriod: '0s',
  shutdownGracePeriodCriticalPods: '0s',
  streamingConnectionIdleTimeout: '0s',
  syncFrequency: '0s',
  volumeStatsAggPeriod: '0s',
};

/** Fields of both kinds whose zero or false Go cannot tell from "not set", and so leaves out (no pointers, `omitempty`). */
export const unsetWhenZero: ReadonlySet<string> = new Set(
  `enableContentionProfiling eventBurst evictionMaxPodGracePeriod kernelMemcgNotification kubeAPIBurst maxOpenFiles maxPods
  nodeLeaseDurationSeconds podsPerCore port protectKernelDefaults readOnlyPort registryBurst rotateCertificates runOnce
  serverTLSBootstrap splitStream windowsRunAsService`.split(/\s+/),
);

/** The same of a KubeProxyConfiguration (k8s.io/kube-proxy v0.37.2, config/v1alpha1/types.go). */
export const emptyKubeProxyConfiguration: Readonly<Record<string, unknown>> = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  bindAddress: '',
  bindAddressHardFail: false,
  clientConnection: { acceptContentTypes: '', burst: 0, contentType: '', kubeconfig: '', qps: 0 },
  clusterCIDR: '',
  configSyncPeriod: '0s',
  conntrack: {
    maxPerCore: null,
    min: null,
    tcpBeLiberal: false,
    tcpCloseWaitTimeout: null,
    tcpEstablishedTimeout: null,
    udpStreamTimeout: '0s',
    udpTimeout: '0s',
  },
  detectLocal: { bridgeInterface: '', interfaceNamePrefix: '' },
  detectLocalMode: '',
  enableProfiling: false,
  healthzBindAddress: '',
  hostnameOverride: '',
  iptables: {
    localhostNodePorts: null,
    masqueradeAll: false,
    masqueradeBit: null,
    minSyncPeriod: '0s',
    syncPeriod: '0s',
  },
  ipvs: {
    excludeCIDRs: null,
    minSyncPeriod: '0s',
    scheduler: '',
    strictARP: false,
    syncPeriod: '0s',
    tcpFinTimeout: '0s',
    tcpTimeout: '0s',
    udpTimeout: '0s',
  },
  kind: 'KubeProxyConfiguration',
  logging: {
    flushFrequency: 0,
    options: { json: { infoBufferSize: '0' }, text: { infoBufferSize: '0' } },
    verbosity: 0,
  },
  metricsBindAddress: '',
  mode: '',
  nftables: { masqueradeAll: false, masqueradeBit: null, minSyncPeriod: '0s', syncPeriod: '0s' },
  nodePortAddresses: null,
  oomScoreAdj: null,
  portRange: '',
  showHiddenMetricsForVersion: '',
  winkernel: {
    enableDSR: false,
    forwardHealthCheckVip: false,
    networkName: '',
    rootHnsEndpointName: '',
    sourceVip: '',
  },
};
