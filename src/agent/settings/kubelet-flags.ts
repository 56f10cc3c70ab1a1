/**
 * The kubelet's flags that mean nothing here: accepted, and named once in a warning (kubernetes v1.37.2
 * cmd/kubelet/app/options and component-base/logs; the last row: flags of older kubelets that units still carry).
 */
export const ignoredKubeletFlags: readonly string[] =
  `anonymous-auth authentication-token-webhook authentication-token-webhook-cache-ttl authorization-mode
authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl
cgroup-driver cgroup-root cgroups-per-qos cloud-provider config-dir contention-profiling
cpu-cfs-quota-period cpu-manager-policy cpu-manager-policy-options cpu-manager-reconcile-period
enable-controller-attach-detach enable-debugging-handlers enable-server enforce-node-allocatable event-burst
event-qps eviction-hard eviction-max-pod-grace-period eviction-minimum-reclaim eviction-pressure-transition-period
eviction-soft eviction-soft-grace-period exit-on-lock-contention experimental-allocatable-ignore-eviction
experimental-mounter-path fail-cgroupv1 fail-swap-on feature-gates hairpin-mode image-credential-provider-bin-dir
image-credential-provider-config image-gc-high-threshold image-gc-low-threshold image-service-endpoint
kernel-memcg-notification kube-api-burst kube-api-content-type kube-api-qps kube-reserved kube-reserved-cgroup
kubelet-cgroups local-storage-capacity-isolation lock-file log-flush-frequency log-json-info-buffer-size
log-json-split-stream log-text-info-buffer-size log-text-split-stream logging-format make-iptables-util-chains
max-open-files maximum-dead-containers maximum-dead-containers-per-container memory-manager-policy
minimum-container-ttl-duration minimum-image-ttl-duration node-status-max-images node-status-update-frequency
oom-score-adj pod-cidr pods-per-core protect-kernel-defaults provider-id qos-reserved
registry-burst registry-qps reserved-cpus reserved-memory runonce
runtime-cgroups runtime-request-timeout streaming-connection-idle-timeout sync-frequency system-cgroups
system-reserved system-reserved-cgroup tls-cipher-suites tls-curve-preferences tls-min-version
topology-manager-policy topology-manager-policy-options topology-manager-scope vmodule
volume-plugin-dir volume-stats-agg-period cni-bin-dir cni-conf-dir cni-cache-dir network-plugin-mtu docker-endpoint
image-pull-progress-deadline logtostderr alsologtostderr stderrthreshold log-dir log-backtrace-at
keep-terminated-pod-volumes experimental-kernel-memcg-notification`
    .split(/\s+/)
    .filter((name) => name !== '');

/** The fields of a KubeletConfiguration (kubernetes v1.37.2 staging/src/k8s.io/kubelet/config/v1beta1/types.go). */
export const kubeletConfigurationFields: readonly string[] =
  `apiVersion kind enableServer staticPodPath podLogsDir syncFrequency fileCheckFrequency httpCheckFrequency staticPodURL
staticPodURLHeader address port readOnlyPort tlsCertFile tlsPrivateKeyFile tlsCipherSuites tlsCurvePreferences
tlsMinVersion rotateCertificates serverTLSBootstrap authentication authorization registryPullQPS registryBurst
imagePullCredentialsVerificationPolicy preloadedImagesVerificationAllowlist eventRecordQPS eventBurst
enableDebuggingHandlers enableContentionProfiling healthzPort healthzBindAddress oomScoreAdj clusterDomain clusterDNS
streamingConnectionIdleTimeout nodeStatusUpdateFrequency nodeStatusReportFrequency nodeLeaseDurationSeconds
imageMinimumGCAge imageMaximumGCAge imageGCHighThresholdPercent imageGCLowThresholdPercent volumeStatsAggPeriod
kubeletCgroups systemCgroups cgroupRoot cgroupsPerQOS cgroupDriver cpuManagerPolicy singleProcessOOMKill
cpuManagerPolicyOptions cpuManagerReconcilePeriod memoryManagerPolicy topologyManagerPolicy topologyManagerScope
topologyManagerPolicyOptions qosReserved runtimeRequestTimeout hairpinMode maxPods podCIDR podPidsLimit resolvConf
runOnce cpuCFSQuota cpuCFSQuotaPeriod nodeStatusMaxImages maxOpenFiles contentType kubeAPIQPS kubeAPIBurst
serializeImagePulls maxParallelImagePulls evictionHard evictionSoft evictionSoftGracePeriod
evictionPressureTransitionPeriod evictionMaxPodGracePeriod evictionMinimumReclaim mergeDefaultEvictionSettings
podsPerCore enableControllerAttachDetach protectKernelDefaults makeIPTablesUtilChains iptablesMasqueradeBit
iptablesDropBit featureGates failSwapOn memorySwap containerLogMaxSize containerLogMaxFiles containerLogMaxWorkers
containerLogMonitorInterval configMapAndSecretChangeDetectionStrategy systemReserved kubeReserved reservedSystemCPUs
showHiddenMetricsForVersion systemReservedCgroup kubeReservedCgroup enforceNodeAllocatable allowedUnsafeSysctls
defaultPodSysctls volumePluginDir providerID kernelMemcgNotification logging enableSystemLogHandler
enableSystemLogQuery shutdownGracePeriod shutdownGracePeriodCriticalPods shutdownGracePeriodByPodPriority
crashLoopBackOff reservedMemory enableProfilingHandler enableDebugFlagsHandler seccompDefault memoryThrottlingFactor
memoryReservationPolicy registerWithTaints registerNode tracing localStorageCapacityIsolation containerRuntimeEndpoint
imageServiceEndpoint failCgroupV1 userNamespaces`
    .split(/\s+/)
    .filter((name) => name !== '');
