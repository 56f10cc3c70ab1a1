import type { Host } from '../../host/host.ts';
import type { Container, Pod } from '../../kube/types.ts';
import { annotations, labels } from '../../runtime/labels.ts';
import type { ContainerConfig, ImageInfo, Mount } from '../../runtime/runtime.ts';
import { containerEnvironment } from '../env/environment.ts';
import { expandVariables } from '../env/expand.ts';
import { agentAnnotations } from '../labels.ts';
import { isSidecar } from '../plan/restart-policy.ts';
import { containerMounts } from '../volumes/mounts.ts';
import { volumePaths } from '../volumes/prepare-volumes.ts';
import { containerHash } from './container-hash.ts';
import type { PodContext } from './pod-context.ts';
import { containerResources } from './resources.ts';
import { containerSecurity } from './security.ts';

export type ContainerStart = {
  readonly container: Container;
  readonly attempt: number;
  readonly crashes: number;
  /** Undefined when only the form is wanted, to ask a runtime for refusals. */
  readonly image?: ImageInfo;
  readonly podIPs: readonly string[];
};

/** A container as the runtime gets it, everything resolved. Throws when something it refers to is not there. */
export async function containerConfig(
  host: Pick<Host, 'readText'>,
  context: PodContext,
  start: ContainerStart,
): Promise<ContainerConfig> {
  const { pod } = context.desired;
  const { container, attempt, image } = start;
  const env = environmentOf(context, start);
  const expand = (words: readonly string[] = []) => words.map((word) => expandVariables(word, env));
  return {
    name: container.name,
    attempt,
    image: container.image,
    imageId: image?.id ?? '',
    command: expand(container.command),
    args: expand(container.args),
    ...(container.workingDir === undefined ? {} : { workingDir: container.workingDir }),
    env: [...env].map(([name, value]) => ({ name, value })),
    mounts: mountsOf(context, start, env),
    labels: labelsOf(context, container),
    annotations: annotationsOf(context, start),
    logPath: context.paths.containerLog(container.name, attempt),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    ...(container.lifecycle?.stopSignal === undefined ? {} : { stopSignal: container.lifecycle.stopSignal }),
    resources: containerResources(pod, container, context.node.memoryBytes),
    security: await containerSecurity(host, { pod, container }, context.seccomp),
  };
}

function environmentOf({ desired, node }: PodContext, { container, podIPs }: ContainerStart) {
  const { pod } = desired;
  const addresses = { hostIPs: node.ips, podIPs: pod.spec.hostNetwork ? node.ips : podIPs };
  return containerEnvironment({ pod, container, addresses, node });
}

function mountsOf(
  { desired, paths, mountsTerminationLog }: PodContext,
  { container, attempt }: ContainerStart,
  env: ReadonlyMap<string, string>,
): Mount[] {
  const mounts = [...containerMounts(container.volumeMounts ?? [], volumePaths(desired.pod, paths), env)];
  const containerPath = container.terminationMessagePath;
  if (mountsTerminationLog && !mounts.some((mount) => mount.containerPath === containerPath)) {
    const hostPath = paths.terminationLog(container.name, attempt);
    mounts.push({ hostPath, containerPath, readOnly: false, propagation: 'private' });
  }
  return mounts;
}

function labelsOf({ desired }: PodContext, container: Container) {
  const { name, namespace } = desired.pod.metadata;
  return {
    [labels.podName]: name,
    [labels.podNamespace]: namespace,
    [labels.podUid]: desired.uid,
    [labels.containerName]: container.name,
  };
}

/** Enough to stop it rightly, to count its restarts and to know it again when the manifest is gone. */
function annotationsOf({ desired }: PodContext, { container, attempt, crashes }: ContainerStart) {
  const { pod, hash } = desired;
  const preStop = container.lifecycle?.preStop;
  return {
    [annotations.containerHash]: containerHash(container),
    [annotations.restartCount]: String(attempt),
    [annotations.terminationMessagePath]: container.terminationMessagePath,
    [annotations.terminationMessagePolicy]: container.terminationMessagePolicy,
    [annotations.podTerminationGracePeriod]: String(pod.spec.terminationGracePeriodSeconds),
    [annotations.configHash]: hash,
    [agentAnnotations.crashes]: String(crashes),
    [agentAnnotations.stopOrder]: String(stopOrder(pod, container)),
    ...(container.ports === undefined ? {} : { [annotations.ports]: JSON.stringify(container.ports) }),
    ...(preStop === undefined ? {} : { [annotations.preStopHandler]: JSON.stringify(preStop) }),
  };
}

/** 0, or for sidecars 1 for the last one and upwards: they end after all others, in reverse order. */
function stopOrder(pod: Pod, container: Container): number {
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar);
  const index = sidecars.indexOf(container);
  return index < 0 ? 0 : sidecars.length - index;
}
