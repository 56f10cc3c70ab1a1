import type { Pod } from '../../kube/types.ts';
import { defaultPodRules, type PodRules } from './pod-rules.ts';

/** Namespaced, and without influence on other pods (kubernetes pkg/kubelet/sysctl/safe_sysctls.go). */
const safeSysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
  'net.ipv4.tcp_slow_start_after_idle',
  'net.ipv4.tcp_notsent_lowat',
];
/** Resources that every node has (kubelet.md 6.2). */
const ownResources = ['cpu', 'memory', 'ephemeral-storage'];

/** Why an agent of this kind runs no such pod, each reason with what to do about it; empty when it does. */
export function podRefusals(pod: Pod, rules: PodRules = defaultPodRules): readonly string[] {
  return [
    ...(pod.spec.hostUsers === false
      ? ['hostUsers: false: user namespaces for single pods are not supported; take spec.hostUsers out']
      : []),
    ...sysctlRefusals(pod, rules),
    ...resourceRefusals(pod),
  ];
}

/** As the kubelet's admission (pkg/kubelet/sysctl/allowlist.go). */
function sysctlRefusals({ spec }: Pod, { allowedUnsafeSysctls }: PodRules): readonly string[] {
  const names = (spec.securityContext.sysctls ?? []).map(({ name }) => name.replaceAll('/', '.'));
  return names.flatMap((name) => {
    const isAllowed = safeSysctls.includes(name) || allowedUnsafeSysctls.some((pattern) => matches(name, pattern));
    if (!isAllowed) {
      return [`forbidden sysctl: "${name}" not allowlisted; the agent's allowedUnsafeSysctls may allow it`];
    }
    if (name.startsWith('net.') && spec.hostNetwork) return [sharedNamespace(name, 'net')];
    const isIpc = /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(name);
    return isIpc && spec.hostIPC ? [sharedNamespace(name, 'ipc')] : [];
  });
}

function sharedNamespace(name: string, namespace: string): string {
  return `forbidden sysctl: "${name}" not allowed with host ${namespace} enabled`;
}

function matches(name: string, pattern: string): boolean {
  const wanted = pattern.replaceAll('/', '.');
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
}

/** Huge pages are no limit that Docker knows, and there are no device plugins. */
function resourceRefusals({ spec }: Pod): readonly string[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const all = [spec.resources, ...containers.map(({ resources }) => resources)];
  const names = new Set(all.flatMap((given) => Object.keys({ ...given?.requests, ...given?.limits })));
  return [...names]
    .filter((name) => !ownResources.includes(name))
    .map((name) => `resource ${name}: this node has none to give; take it out of the requests and limits`);
}
