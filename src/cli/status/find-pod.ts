import { podPaths } from '../../agent/home/pod-paths.ts';
import { UsageError } from '../../base/errors.ts';
import type { Paths } from '../../config/paths.ts';
import type { HostFiles, HostMachine } from '../../host/host.ts';
import type { AgentPod, AgentStatus } from '../../kube/agent-socket.ts';
import { nearest } from '../../kube/names.ts';
import type { PodIdentity } from '../../runtime/runtime.ts';

/** A pod whose logs can be read. */
export type LoggedPod = {
  readonly identity: PodIdentity;
  /** The name without the node's suffix. */
  readonly shortName: string;
  /** Main containers first. */
  readonly containers: readonly string[];
  /** The one that is meant when none is named. */
  readonly defaultContainer?: string;
  /** Why a container has not begun. */
  readonly waiting?: Readonly<Record<string, string>>;
};

/** kubectl's own (kubernetes staging/src/k8s.io/kubectl/pkg/cmd/util/podcmd). */
const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

type FindHost = Pick<HostFiles, 'list' | 'stat'> & Pick<HostMachine, 'hostname'>;

/** The pods that the agent knows; without an agent those that have left logs. */
export async function loggedPods(
  host: FindHost,
  paths: Paths,
  status: AgentStatus | undefined,
): Promise<readonly LoggedPod[]> {
  if (status === undefined) return podsOnDisk(host, paths);
  // While a rollout lets two of a name run, the desired one is meant.
  const meant = status.pods.filter(({ overlap }) => overlap === undefined);
  return meant.map((entry) => knownPod(entry, status.nodeName));
}

function knownPod({ pod }: AgentPod, nodeName: string): LoggedPod {
  const { name, namespace, uid = '', annotations } = pod.metadata;
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map((container) => container.name);
  const chosen = annotations?.[defaultContainerAnnotation];
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const waiting = statuses.flatMap(({ name: container, state }) => {
    const { reason, message } = state.waiting ?? {};
    return reason === undefined ? [] : [[container, message === undefined ? reason : `${reason}: ${message}`] as const];
  });
  return {
    identity: { name, namespace, uid },
    shortName: shortNameOf(name, nodeName),
    containers,
    ...(chosen !== undefined && containers.includes(chosen) ? { defaultContainer: chosen } : {}),
    ...(waiting.length === 0 ? {} : { waiting: Object.fromEntries(waiting) }),
  };
}

function shortNameOf(name: string, nodeName: string): string {
  const suffix = `-${nodeName.toLowerCase()}`;
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

/** `<namespace>_<pod>_<uid>` directories, oldest first; which node it was is not in there: this one, else any last part. */
async function podsOnDisk(host: FindHost, paths: Paths): Promise<readonly LoggedPod[]> {
  const pods: { readonly pod: LoggedPod; readonly changedMs: number }[] = [];
  for (const directory of (await host.list(paths.podLogsDir)) ?? []) {
    const [namespace, name, uid] = directory.split('_');
    if (namespace === undefined || name === undefined || uid === undefined) continue;
    const identity = { namespace, name, uid };
    const { logDir } = podPaths(paths, identity);
    const containers = (await host.list(logDir)) ?? [];
    const own = shortNameOf(name, host.hostname());
    const shortName = own === name ? name.replace(/-[^-]+$/, '') : own;
    const changedMs = (await host.stat(logDir))?.modifiedAtMs ?? 0;
    pods.push({ pod: { identity, shortName, containers }, changedMs });
  }
  return pods.sort((a, b) => a.changedMs - b.changedMs).map(({ pod }) => pod);
}

/** `POD` or `NAMESPACE/POD`, the name with or without the node's suffix; `UsageError` that helps when it is none or several. */
export function findPod(
  pods: readonly LoggedPod[],
  asked: string | undefined,
  namespace: string | undefined,
): LoggedPod {
  if (asked === undefined) throw new UsageError('which pod?', { hint: candidates(pods) });
  const [given, space] = asked.includes('/') ? [asked.split('/')[1] ?? '', asked.split('/')[0]] : [asked, namespace];
  // `pod/NAME` is kubectl's way to say it.
  const inSpace = pods.filter(({ identity }) => space === undefined || space === 'pod' || identity.namespace === space);
  const exact = inSpace.filter(({ identity }) => identity.name === given);
  const found = exact.length > 0 ? exact : inSpace.filter(({ shortName }) => shortName === given);
  const last = found.at(-1);
  if (last === undefined) throw unknownPod(pods, given);
  const several = new Set(found.map(({ identity }) => identity.namespace));
  if (several.size > 1) {
    throw new UsageError(`there is a pod "${given}" in several namespaces`, {
      hint: `name one with -n: ${[...several].join(', ')}`,
    });
  }
  return last;
}

/** The containers that are meant: the one that is named, all, or the first; `UsageError` that lists them. */
export function containersOf(
  pod: LoggedPod,
  choice: { readonly container: string | undefined; readonly allContainers: boolean },
): readonly string[] {
  const [first] = pod.containers;
  if (first === undefined) throw new UsageError(`${pod.identity.name} has no container yet`);
  if (choice.allContainers) return pod.containers;
  const container = choice.container ?? pod.defaultContainer ?? first;
  if (!pod.containers.includes(container)) {
    throw new UsageError(`${pod.identity.name} has no container "${container}"`, {
      hint: `it has: ${pod.containers.join(', ')}`,
    });
  }
  return [container];
}

function unknownPod(pods: readonly LoggedPod[], given: string): UsageError {
  const near = nearest(
    given,
    pods.map(({ shortName }) => shortName),
  );
  const known = candidates(pods);
  return new UsageError(`there is no pod "${given}"`, {
    hint: near === undefined ? known : `did you mean ${near}? ${known}`,
  });
}

function candidates(pods: readonly LoggedPod[]): string {
  const names = new Set(pods.map(({ shortName }) => shortName));
  return names.size === 0 ? 'no pod runs here' : `pods: ${[...names].join(', ')}`;
}
