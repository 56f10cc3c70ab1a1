import type { Host } from '../../host/host.ts';
import { annotations, labels } from '../../runtime/labels.ts';
import type { SandboxConfig } from '../../runtime/runtime.ts';
import type { PodContext } from './pod-context.ts';
import { seccompChoice } from './security.ts';

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
  const dns = dnsOf(context);
  return {
    pod: { name, namespace, uid },
    attempt,
    hostname: hostNetwork ? '' : (spec.hostname ?? name).slice(0, 63).replace(/[-.]+$/, ''),
    hostNetwork,
    hostPid: spec.hostPID ?? false,
    hostIpc: spec.hostIPC ?? false,
    sharedPid: spec.shareProcessNamespace ?? false,
    ports: [...(spec.initContainers ?? []), ...spec.containers].flatMap((container) => container.ports ?? []),
    ...(dns === undefined ? {} : { dns }),
    sysctls: Object.fromEntries((spec.securityContext.sysctls ?? []).map((entry) => [entry.name, entry.value])),
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
  };
}

/** Only what the manifest itself says: without a cluster's DNS the runtime's default is the best there is. */
function dnsOf({ desired }: PodContext): SandboxConfig['dns'] {
  const { dnsPolicy, dnsConfig, hostNetwork } = desired.pod.spec;
  if (dnsPolicy !== 'None' || hostNetwork) return undefined;
  return {
    servers: dnsConfig?.nameservers ?? [],
    searches: dnsConfig?.searches ?? [],
    options: (dnsConfig?.options ?? []).map(({ name, value }) => (value === undefined ? name : `${name}:${value}`)),
  };
}
