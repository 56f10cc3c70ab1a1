import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';
import { type Container, type Pod, podKey } from '../../kube/types.ts';
import type { ContainerRuntime, ImageInfo } from '../../runtime/runtime.ts';
import { containerConfig } from '../containers/container-config.ts';
import type { PodContext } from '../containers/pod-context.ts';
import { refuseRoot } from '../containers/run-as-non-root.ts';
import { sandboxConfig } from '../containers/sandbox-config.ts';
import { deeds } from '../events/deeds.ts';
import { containerSubject } from '../events/subject.ts';
import { type Teller, tell } from '../events/tell.ts';
import type { AgentPaths } from '../home/paths.ts';
import { containerLogLink } from '../home/pod-paths.ts';
import type { ImagePuller } from '../images/image-puller.ts';
import type { StartContainer } from '../plan/actions.ts';
import type { Prober } from '../probes/prober.ts';
import type { PodStates } from '../state/pod-states.ts';
import type { Takeover } from '../takeover/takeover.ts';
import { prepareVolumes } from '../volumes/prepare-volumes.ts';
import { prepareSurroundings } from '../volumes/surroundings.ts';
import { step } from './apply-errors.ts';
import { runHook } from './lifecycle-hooks.ts';
import { makeLogDirectory } from './log-directory.ts';
import { stopContainers } from './stop-container.ts';

export type StartDoors = Teller & {
  readonly host: Host;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Log;
  readonly images: ImagePuller;
  readonly states: PodStates;
  readonly paths: AgentPaths;
  readonly prober?: Pick<Prober, 'add'>;
  readonly takeover?: Takeover | undefined;
  /** For hooks of pods on the host network that name no host. */
  readonly nodeIP?: string | undefined;
};

/** Where a container starts. */
export type StartPlace = {
  readonly context: PodContext;
  readonly sandboxId: string;
  readonly sandboxAttempt: number;
  readonly podIPs: readonly string[];
};

/** A postStart hook has no deadline of its own in the kubelet; a hung one must not hold the pod for ever. */
const postStartTimeoutMs = 600_000;

/** Starts one container as the action says: image, volumes, files, start, log link, postStart. Throws StartError. */
export async function startContainer(doors: StartDoors, place: StartPlace, action: StartContainer): Promise<void> {
  const { context } = place;
  const { pod, uid } = context.desired;
  const container = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(
    ({ name }) => name === action.container,
  );
  if (container === undefined) throw new Error(`the manifest has no container ${action.container}`);
  const image = await step('ErrImagePull', () => doors.images.get(uid, container));
  const subject = containerSubject(pod, container.name);
  if (!doors.images.takePulled(uid, container.image)) tell(doors, subject, [deeds.present(container.image)]);
  await step('FailedMount', () => prepareVolumes(doors, context));
  const id = await create(doors, place, { action, container, image });
  tell(doors, subject, [deeds.created(), deeds.started()]);
  probe(doors, place, { id, container });
  await linkLog(doors, place, { id, name: container.name, attempt: action.attempt });
  await postStart(doors, place, { id, container });
}

async function create(
  { host, runtime, log }: StartDoors,
  { context, sandboxId, sandboxAttempt, podIPs }: StartPlace,
  { action, container, image }: { action: StartContainer; container: Container; image: ImageInfo },
): Promise<string> {
  const { attempt, crashes, round } = action;
  const numbers = { attempt, crashes, ...(round === undefined ? {} : { round }) };
  const config = await step('CreateContainerConfigError', async () => {
    refuseRoot(context.desired.pod, container, image);
    const surroundings = await prepareSurroundings(host, context, { container, attempt, podIPs });
    return containerConfig(host, context, { container, ...numbers, image, podIPs, surroundings });
  });
  const sandbox = await step('CreateContainerConfigError', () => sandboxConfig(host, context, sandboxAttempt));
  return step('RunContainerError', async () => {
    await makeLogDirectory({ host, runtime, log }, dirname(config.logPath));
    if (context.hasMounts) {
      const path = context.paths.terminationLog(container.name, attempt);
      await host.makeDirectory(dirname(path), { mode: 0o755 });
      // Programs that are not root write to it too.
      await host.createFile(path, '', { mode: 0o666 });
    }
    return runtime.startContainer(sandboxId, sandbox, config);
  });
}

async function linkLog(
  { host, paths, log }: StartDoors,
  { context }: StartPlace,
  container: { readonly id: string; readonly name: string; readonly attempt: number },
): Promise<void> {
  const { pod, uid } = context.desired;
  const { name, namespace } = pod.metadata;
  const link = containerLogLink(paths, { name, namespace, uid }, container);
  try {
    await host.makeDirectory(paths.containerLogsDir, { mode: 0o755 });
    await host.remove(link);
    await host.makeSymlink(context.paths.containerLog(container.name, container.attempt), link);
  } catch (thrown) {
    // Only for programs that collect logs; the pod does not need it.
    log.warn(`${link} cannot be made: ${String(thrown)}`);
  }
}

/** At once: the next look may be a postStart hook away. */
function probe(
  { prober, clock }: StartDoors,
  { context, podIPs }: StartPlace,
  { id, container }: { readonly id: string; readonly container: Container },
): void {
  const { pod, uid } = context.desired;
  const address = addressOf(context, podIPs);
  const subject = containerSubject(pod, container.name);
  prober?.add(podKey(pod), { containerId: id, podUid: uid, container, address, subject, startedAtMs: clock.now() });
}

function addressOf({ desired, node }: PodContext, podIPs: readonly string[]): string {
  return (desired.pod.spec.hostNetwork ? node.ips[0] : podIPs[0]) ?? '127.0.0.1';
}

async function postStart(
  doors: StartDoors,
  { context, podIPs }: StartPlace,
  { id, container }: { readonly id: string; readonly container: Container },
): Promise<void> {
  const handler = container.lifecycle?.postStart;
  if (handler === undefined) return;
  const address = addressOf(context, podIPs);
  try {
    const target = { containerId: id, address, ports: container.ports ?? [] };
    await step('PostStartHookError', () => runHook(doors, handler, target, postStartTimeoutMs));
  } catch (thrown) {
    await stopFailed(doors, context.desired.pod, { id, address });
    throw thrown;
  }
}

/** As any other stop: with the container's preStop hook, within its grace period (kuberuntime_container.go). */
async function stopFailed(
  doors: StartDoors,
  { metadata, spec }: Pod,
  { id, address }: { readonly id: string; readonly address: string },
): Promise<void> {
  const observed = await doors.runtime.observePods({ namespace: metadata.namespace, name: metadata.name });
  const container = observed.flatMap(({ containers }) => containers).find((candidate) => candidate.id === id);
  if (container === undefined) return;
  const graceSeconds = spec.terminationGracePeriodSeconds;
  await stopContainers(doors, [{ container, graceSeconds, order: 0, address }]);
}
