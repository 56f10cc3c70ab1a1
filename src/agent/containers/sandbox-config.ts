import type { Host } from '../../host/host.ts';
import { annotations, labels } from '../../runtime/labels.ts';
import type { SandboxConfig } from '../../runtime/runtime.ts';
import { podDns } from './dns.ts';
import { kernelHostname } from './hostname.ts';
import type { PodContext } from './pod-context.ts';
import { podResources } from './pod-resources.ts';
import { podSecurity, seccompChoice } from './security.ts';

/** A pod's sandbox as the runtime gets it. Throws when a seccomp profile cannot be read. */
export async function sandboxConfig(
  host: Pick<Host, 'readText'>,
  context: PodContext,
  attempt: number,
): Promise<SandboxConfig> {
  const { pod, uid, hash } = context.desired;
  const { metadata, spec } = pod;
  const { name, namespace } = metadata;
  const hostNetwork = spec.hostNetwork ?? false;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return {
    pod: { name, namespace, uid },
    attempt,
    hostname: hostNetwork ? '' : kernelHostname(pod, context.dns.clusterDomain),
    hostNetwork,
    hostPid: spec.hostPID ?? false,
    hostIpc: spec.hostIPC ?? false,
    sharedPid: spec.shareProcessNamespace ?? false,
    ports: containers.flatMap((container) => container.ports ?? []),
    ...(context.hasMounts ? { dns: await podDns(host, pod, context.dns, context.node.ips) } : {}),
    sysctls: Object.fromEntries((spec.securityContext.sysctls ?? []).map((entry) => [entry.name, entry.value])),
    resources: podResources(pod, context.rules),
    image: context.sandboxImage,
    labels: {
      ...metadata.labels,
      [labels.podName]: name,
      [labels.podNamespace]: namespace,
      [labels.podUid]: uid,
    },
    annotations: { ...metadata.annotations, [annotations.configHash]: hash },
    logDirectory: context.paths.logDir,
    seccomp: await seccompChoice(host, spec.securityContext.seccompProfile, context.seccomp),
    ...(context.former === undefined ? {} : { former: context.former }),
    privileged: containers.some(({ securityContext }) => securityContext?.privileged === true),
    security: podSecurity(spec.securityContext),
  };
}
