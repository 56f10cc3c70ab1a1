import { labels as common } from '../labels.ts';
import type { ObservedContainer, ObservedSandbox, PodIdentity } from '../runtime.ts';
import { ownAnnotations, readAnnotations } from './annotations.ts';
import type { Container, ContainerStatus, PodSandbox, PodSandboxStatus } from './messages.ts';

const states = {
  CONTAINER_CREATED: 'created',
  CONTAINER_RUNNING: 'running',
  CONTAINER_EXITED: 'exited',
  CONTAINER_UNKNOWN: 'unknown',
} as const;

/** A sandbox from the list and its status; undefined when it does not say of which pod it is. */
export function sandboxOf(listed: PodSandbox, status: PodSandboxStatus): ObservedSandbox | undefined {
  if (listed.metadata === null) return undefined;
  const { name, namespace, uid, attempt } = listed.metadata;
  const hostNetwork = status.linux?.namespaces?.options?.network === 'NODE';
  return {
    id: listed.id,
    pod: { name, namespace, uid },
    attempt,
    ready: listed.state === 'SANDBOX_READY',
    createdAtMs: msOf(listed.createdAt),
    ips: hostNetwork ? [] : addressesOf(status),
    hostNetwork,
    labels: listed.labels,
    annotations: readAnnotations(listed.annotations),
  };
}

/** A container from the list and its status; undefined when its labels say no pod. */
export function containerOf(
  listed: Container,
  status: ContainerStatus,
  runtimeName: string,
): ObservedContainer | undefined {
  const pod = podOf(listed);
  if (pod === undefined || listed.metadata === null) return undefined;
  const asked = listed.annotations[ownAnnotations.image];
  return {
    id: listed.id,
    runtimeName,
    name: listed.metadata.name,
    sandboxId: listed.podSandboxId,
    pod,
    attempt: listed.metadata.attempt,
    ...runOf(status),
    image: asked ?? (listed.image?.userSpecifiedImage || listed.image?.image) ?? '',
    imageId: status.imageRef || listed.imageRef,
    labels: listed.labels,
    annotations: readAnnotations(listed.annotations),
    logPath: status.logPath,
  };
}

type Run = Pick<
  ObservedContainer,
  'state' | 'createdAtMs' | 'startedAtMs' | 'finishedAtMs' | 'exitCode' | 'reason' | 'message'
>;

/** Containers that never ran have no time of their start (containerd: reason StartError, exit code 128). */
function runOf(status: ContainerStatus): Run {
  const state = states[status.state] ?? 'unknown';
  const { createdAt, startedAt, finishedAt, exitCode, reason, message } = status;
  return {
    state,
    createdAtMs: msOf(createdAt),
    ...(startedAt > 0 ? { startedAtMs: msOf(startedAt) } : {}),
    ...(state === 'exited'
      ? {
          finishedAtMs: msOf(finishedAt > 0 ? finishedAt : createdAt),
          exitCode,
          reason: reason || (exitCode === 0 ? 'Completed' : 'Error'),
        }
      : {}),
    ...(message === '' ? {} : { message }),
  };
}

/** Whose container it is; undefined when the labels do not say. */
function podOf({ labels }: Pick<Container, 'labels'>): PodIdentity | undefined {
  const { [common.podName]: name, [common.podNamespace]: namespace, [common.podUid]: uid } = labels;
  return name === undefined || namespace === undefined || uid === undefined ? undefined : { name, namespace, uid };
}

function addressesOf({ network }: PodSandboxStatus): string[] {
  if (network === null) return [];
  return [network.ip, ...network.additionalIps.map(({ ip }) => ip)].filter((ip) => ip !== '');
}

function msOf(nanoseconds: number): number {
  return Math.round(nanoseconds / 1e6);
}
