import { labels } from '../labels.ts';
import type { PodResources, SandboxConfig } from '../runtime.ts';
import type { LinuxResources, NamespaceOption, PodSandboxConfig, PortMapping } from './messages.ts';

/** A sandbox as the kubelet asks for it (kubernetes pkg/kubelet/kuberuntime/kuberuntime_sandbox.go), with our label. */
export function sandboxRequest(config: SandboxConfig, owner: string): PodSandboxConfig {
  const { pod, attempt, dns } = config;
  return {
    metadata: { ...pod, attempt },
    hostname: config.hostNetwork ? '' : config.hostname.slice(0, 64),
    logDirectory: config.logDirectory,
    ...(dns === undefined ? {} : { dnsConfig: dns }),
    portMappings: config.hostNetwork ? [] : config.ports.map(portMapping),
    labels: { ...config.labels, ...identityLabels(config, owner) },
    annotations: config.annotations,
    linux: {
      cgroupParent: config.cgroupParent ?? '',
      securityContext: {
        namespaceOptions: namespaceOptions(config),
        ...podSecurity(config.security),
        privileged: config.privileged ?? false,
        // Whatever the pod's own profile is: the sandbox's program needs no more.
        seccomp: { profileType: 'RuntimeDefault' },
      },
      sysctls: config.sysctls,
      ...(config.resources === undefined ? {} : { resources: sandboxResources(config.resources) }),
    },
  };
}

function podSecurity(security: SandboxConfig['security']) {
  if (security === undefined) return {};
  const { runAsUser, runAsGroup, supplementalGroups, seLinux } = security;
  return {
    ...(runAsUser === undefined ? {} : { runAsUser: { value: runAsUser } }),
    // containerd takes no group without a user, whom a container has from its image.
    ...(runAsGroup === undefined || runAsUser === undefined ? {} : { runAsGroup: { value: runAsGroup } }),
    supplementalGroups,
    ...(seLinux === undefined ? {} : { selinuxOptions: seLinux }),
  };
}

/** Namespaces of a pod and all that is in it; containers see only their own processes unless they share. */
export function namespaceOptions({ hostNetwork, hostPid, hostIpc, sharedPid }: SandboxConfig): NamespaceOption {
  return {
    network: hostNetwork ? 'NODE' : 'POD',
    pid: hostPid ? 'NODE' : sharedPid ? 'POD' : 'CONTAINER',
    ipc: hostIpc ? 'NODE' : 'POD',
  };
}

/** Whose a sandbox or container is; wins over whatever the pod's own labels say. */
export function identityLabels({ pod }: SandboxConfig, owner: string) {
  return {
    [labels.podName]: pod.name,
    [labels.podNamespace]: pod.namespace,
    [labels.podUid]: pod.uid,
    [labels.owner]: owner,
  };
}

/** Those without a hostPort are there too, as with the kubelet: plugins that need it read them. */
function portMapping(port: SandboxConfig['ports'][number]): PortMapping {
  return {
    protocol: port.protocol as PortMapping['protocol'],
    containerPort: port.containerPort,
    hostPort: port.hostPort ?? 0,
    hostIp: port.hostIP ?? '',
  };
}

/** For runtimes that size virtual machines; the pod's limits are its control group's. */
function sandboxResources({ cpuShares, cpuQuota, memoryLimitBytes }: PodResources): LinuxResources {
  return {
    cpuPeriod: 100_000,
    cpuShares,
    ...(cpuQuota === undefined ? {} : { cpuQuota }),
    ...(memoryLimitBytes === undefined ? {} : { memoryLimitInBytes: memoryLimitBytes }),
  };
}
