import type { Host } from '../../host/host.ts';
import type { Container, Pod } from '../../kube/types.ts';
import { annotations, labels } from '../../runtime/labels.ts';
import type { ContainerConfig, ImageInfo } from '../../runtime/runtime.ts';
import { expandVariables } from '../env/expand.ts';
import { agentAnnotations } from '../labels.ts';
import { isSidecar } from '../plan/restart-policy.ts';
import { planSurroundings, type Surroundings } from '../volumes/surroundings.ts';
import { containerHash } from './container-hash.ts';
import type { PodContext } from './pod-context.ts';
import { containerResources } from './resources.ts';
import { containerSecurity } from './security.ts';

export type ContainerStart = {
  readonly container: Container;
  readonly attempt: number;
  readonly crashes: number;
  /** As StartContainer.round. */
  readonly round?: number;
  /** Undefined when only the form is wanted, to ask a runtime for refusals. */
  readonly image?: ImageInfo;
  readonly podIPs: readonly string[];
  /** Made ready for a start; the form of it where there is none. */
  readonly surroundings?: Surroundings;
};

/** A container as the runtime gets it, everything resolved. Throws when something it refers to is not there. */
export async function containerConfig(
  host: Pick<Host, 'readText'>,
  context: PodContext,
  start: ContainerStart,
): Promise<ContainerConfig> {
  const { pod } = context.desired;
  const { container, attempt, image } = start;
  const { env, mounts } = start.surroundings ?? planSurroundings(context, start);
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
    mounts,
    labels: labelsOf(context, container),
    annotations: annotationsOf(context, start),
    logPath: context.paths.containerLog(container.name, attempt),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    ...(container.lifecycle?.stopSignal === undefined ? {} : { stopSignal: container.lifecycle.stopSignal }),
    resources: containerResources(pod, container, { memoryBytes: context.node.memoryBytes, rules: context.rules }),
    security: await containerSecurity(host, { pod, container }, context.seccomp),
  };
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
function annotationsOf({ desired }: PodContext, { container, attempt, crashes, round }: ContainerStart) {
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
    ...(round === undefined ? {} : { [agentAnnotations.round]: String(round) }),
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
