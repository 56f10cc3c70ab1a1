import { messageOf } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import type { Container } from '../../kube/types.ts';
import type { ContainerRuntime, ObservedPod } from '../../runtime/runtime.ts';
import { containerConfig } from '../containers/container-config.ts';
import type { PodContext } from '../containers/pod-context.ts';
import { podRefusals } from '../containers/pod-refusals.ts';
import { sandboxConfig } from '../containers/sandbox-config.ts';
import type { ImagePuller } from '../images/image-puller.ts';
import type { NetworkCheck } from '../observe/network-check.ts';
import type { ImageFact } from '../plan/facts.ts';
import { volumeRefusals } from '../volumes/prepare-volumes.ts';

type FactDoors = {
  readonly host: Host;
  readonly runtime: ContainerRuntime;
  readonly images: ImagePuller;
  readonly network: Pick<NetworkCheck, 'look'>;
};

/** What has to be asked before a pod with something to start can be planned. */
export type StartFacts = {
  readonly images: ReadonlyMap<string, ImageFact>;
  readonly loggedAttempts: ReadonlyMap<string, number>;
  readonly refusals: readonly string[];
  readonly networkProblem: string | undefined;
};

/** Asks for nothing as long as all containers of the pod run: then nothing is going to be started. */
export async function gatherStartFacts(
  doors: FactDoors,
  context: PodContext,
  observed: readonly ObservedPod[],
): Promise<StartFacts> {
  const { pod, uid } = context.desired;
  const seen = (observed.find((candidate) => candidate.pod.uid === uid)?.containers ?? []).filter(
    (container) => container.former === context.former,
  );
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const idle = all.filter(
    ({ name }) => !seen.some((container) => container.name === name && container.state === 'running'),
  );
  const network = networkProblemOf(doors, context, observed);
  if (idle.length === 0) {
    return { images: new Map(), loggedAttempts: new Map(), refusals: [], networkProblem: await network };
  }
  const [images, loggedAttempts, refusals, networkProblem] = await Promise.all([
    imageFacts(doors, uid, idle),
    loggedAttemptsOf(doors, context, idle),
    refusalsOf(doors, context, all),
    network,
  ]);
  return { images, loggedAttempts, refusals, networkProblem };
}

/** A sandbox that stands keeps the network it has. */
async function networkProblemOf(
  { network }: FactDoors,
  { desired }: PodContext,
  observed: readonly ObservedPod[],
): Promise<string | undefined> {
  const own = observed.find(({ pod }) => pod.uid === desired.uid);
  if (desired.pod.spec.hostNetwork === true || own?.sandboxes.some(({ ready }) => ready)) return undefined;
  return network.look();
}

async function imageFacts(
  { images }: FactDoors,
  uid: string,
  containers: readonly Container[],
): Promise<ReadonlyMap<string, ImageFact>> {
  const facts = containers.map(async (container) => [container.name, await images.fact(uid, container)] as const);
  return new Map(await Promise.all(facts));
}

async function loggedAttemptsOf(
  { host }: FactDoors,
  { paths }: PodContext,
  containers: readonly Container[],
): Promise<ReadonlyMap<string, number>> {
  const attempts = new Map<string, number>();
  for (const { name } of containers) {
    const files = (await host.list(paths.containerLogDir(name))) ?? [];
    const numbers = files.flatMap((file) => /^(\d+)\.log$/.exec(file)?.[1] ?? []).map(Number);
    if (numbers.length > 0) attempts.set(name, Math.max(...numbers));
  }
  return attempts;
}

/** Why the pod cannot be run here: by its volumes, by the runtime, or because it refers to what is not there. */
async function refusalsOf(
  { host, runtime }: FactDoors,
  context: PodContext,
  containers: readonly Container[],
): Promise<readonly string[]> {
  const known = [...volumeRefusals(context), ...podRefusals(context.desired.pod, context.rules)];
  if (known.length > 0) return known;
  try {
    const configs = containers.map((container) =>
      containerConfig(host, context, { container, attempt: 0, crashes: 0, podIPs: [] }),
    );
    const [sandbox, ...all] = await Promise.all([sandboxConfig(host, context, 0), ...configs]);
    return await runtime.refusals(sandbox, all);
  } catch (thrown) {
    return [messageOf(thrown)];
  }
}
