import { formatDuration } from '../../base/duration.ts';
import type { AgentSettings } from '../settings/settings.ts';

/** The settings as the fields of a KubeletConfiguration that they were, or could have been, read from. */
export function configz(settings: AgentSettings) {
  const { dns } = settings;
  const kubeletconfig = {
    staticPodPath: settings.staticPodPath,
    staticPodURL: settings.manifestURL,
    fileCheckFrequency: formatDuration(settings.fileCheckFrequencyMs),
    httpCheckFrequency: formatDuration(settings.httpCheckFrequencyMs),
    address: settings.address,
    port: settings.kubeletPort,
    readOnlyPort: settings.readOnlyPort,
    healthzBindAddress: settings.healthzAddress,
    healthzPort: settings.healthzPort,
    authentication: {
      x509: { clientCAFile: settings.clientCAFile },
      webhook: { enabled: true, cacheTTL: '2m0s' },
      anonymous: { enabled: false },
    },
    authorization: { mode: 'Webhook', webhook: { cacheAuthorizedTTL: '5m0s', cacheUnauthorizedTTL: '30s' } },
    clusterDomain: dns.clusterDomain,
    clusterDNS: dns.clusterDNS,
    resolvConf: dns.resolvConf,
    maxPods: settings.maxPods,
    podPidsLimit: settings.podPidsLimit,
    cpuCFSQuota: settings.cpuCfsQuota,
    maxParallelImagePulls: settings.maxParallelImagePulls,
    containerLogMaxSize: String(settings.containerLogMaxBytes),
    containerLogMaxFiles: settings.containerLogMaxFiles,
    seccompDefault: settings.seccompDefault,
    allowedUnsafeSysctls: settings.allowedUnsafeSysctls,
    crashLoopBackOff: { maxContainerRestartPeriod: formatDuration(settings.maxContainerRestartPeriodMs) },
  };
  return { kubeletconfig };
}
