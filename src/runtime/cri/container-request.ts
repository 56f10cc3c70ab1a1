import { posix } from 'node:path';
import { labels } from '../labels.ts';
import type { ContainerConfig, Mount, SandboxConfig } from '../runtime.ts';
import { ownAnnotations } from './annotations.ts';
import type { CriContainerConfig, CriMount, LinuxResources } from './messages.ts';
import { identityLabels } from './sandbox-request.ts';
import { securityContext } from './security-context.ts';
import { signalNumbers } from './signals.ts';

/** What a container's image says of its user, and how this machine confines. */
export type RequestFacts = {
  readonly owner: string;
  /** Empty when the image has none. */
  readonly imageUser: string;
  readonly maskedPaths: readonly string[];
  readonly appArmor: boolean;
};

/** A container as the kubelet asks for it (kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go). */
export function containerRequest(
  sandbox: SandboxConfig,
  config: ContainerConfig,
  facts: RequestFacts,
): CriContainerConfig {
  const image = config.imageId === '' ? config.image : config.imageId;
  const own = { [labels.containerName]: config.name };
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image, userSpecifiedImage: config.image },
    command: config.command,
    args: config.args,
    workingDir: config.workingDir ?? '',
    envs: config.env.map(({ name, value }) => ({ key: name, value: Buffer.from(value) })),
    mounts: config.mounts.map(mountRequest),
    labels: { ...config.labels, ...identityLabels(sandbox, facts.owner), ...own },
    annotations: { ...config.annotations, [ownAnnotations.image]: config.image },
    logPath: config.logPath === '' ? '' : posix.relative(sandbox.logDirectory, config.logPath),
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    linux: {
      resources: containerResources(config),
      securityContext: securityContext(sandbox, config.security, facts),
    },
    stopSignal: config.stopSignal === undefined ? 0 : (signalNumbers[config.stopSignal] ?? 0),
  };
}

/** No swap beyond the memory limit. */
function containerResources({ resources }: ContainerConfig): LinuxResources {
  const { cpuShares, cpuQuota, memoryLimitBytes, oomScoreAdj } = resources;
  return {
    cpuPeriod: 100_000,
    ...(cpuShares === undefined ? {} : { cpuShares }),
    ...(cpuQuota === undefined ? {} : { cpuQuota }),
    ...(memoryLimitBytes === undefined
      ? {}
      : { memoryLimitInBytes: memoryLimitBytes, memorySwapLimitInBytes: memoryLimitBytes }),
    oomScoreAdj,
  };
}

const propagations = {
  private: 'PROPAGATION_PRIVATE',
  rslave: 'PROPAGATION_HOST_TO_CONTAINER',
  rshared: 'PROPAGATION_BIDIRECTIONAL',
} as const;

function mountRequest({ hostPath, containerPath, readOnly, propagation, recursiveReadOnly, image }: Mount): CriMount {
  return {
    hostPath,
    containerPath,
    readonly: readOnly,
    propagation: propagations[propagation],
    ...(recursiveReadOnly === 'Enabled' ? { recursiveReadOnly: true } : {}),
    ...(image === undefined ? {} : { image: { image: image.reference }, imageSubPath: image.subPath ?? '' }),
  };
}
