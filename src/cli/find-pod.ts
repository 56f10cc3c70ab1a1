import { podPaths } from '../agent/pod-paths.ts';
import { UsageError } from '../base/errors.ts';
import type { Paths } from '../config/paths.ts';
import type { HostFiles } from '../host/host.ts';
import type { AgentStatus } from '../kube/agent-socket.ts';
import { nearest } from '../kube/names.ts';
import type { PodIdentity } from '../runtime/runtime.ts';

/** A pod whose logs can be read. */
export type LoggedPod = {
  readonly identity: PodIdentity;
  /** The name without the node's suffix. */
  readonly shortName: string;
  readonly containers: readonly string[];
};

/** The pods that the agent knows; without an agent those that have left logs. */
export async function loggedPods(
  host: Pick<HostFiles, 'list'>,
  paths: Paths,
  status: AgentStatus | undefined,
): Promise<readonly LoggedPod[]> {
  if (status === undefined) return podsOnDisk(host, paths);
  const suffix = `-${status.nodeName.toLowerCase()}`;
  return status.pods.map(({ pod }) => {
    const { name, namespace, uid = '' } = pod.metadata;
    const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map((container) => container.name);
    const shortName = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
    return { identity: { name, namespace, uid }, shortName, containers };
  });
}

/** `<namespace>_<pod>_<uid>` directories; which node it was is not in there, so any last part counts as its name. */
async function podsOnDisk(host: Pick<HostFiles, 'list'>, paths: Paths): Promise<readonly LoggedPod[]> {
  const pods: LoggedPod[] = [];
  for (const directory of (await host.list(paths.podLogsDir)) ?? []) {
    const [namespace, name, uid] = directory.split('_');
    if (namespace === undefined || name === undefined || uid === undefined) continue;
    const identity = { namespace, name, uid };
    const containers = (await host.list(podPaths(paths, identity).logDir)) ?? [];
    pods.push({ identity, shortName: name.replace(/-[^-]+$/, ''), containers });
  }
  return pods;
}

/** `POD` or `NAMESPACE/POD`, the name with or without the node's suffix; `UsageError` that helps when it is none or several. */
export function findPod(pods: readonly LoggedPod[], asked: string, namespace: string | undefined): LoggedPod {
  const [given, space] = asked.includes('/') ? [asked.split('/')[1] ?? '', asked.split('/')[0]] : [asked, namespace];
  const inSpace = pods.filter(({ identity }) => space === undefined || identity.namespace === space);
  const exact = inSpace.filter(({ identity }) => identity.name === given);
  const found = exact.length > 0 ? exact : inSpace.filter(({ shortName }) => shortName === given);
  const [first] = found;
  if (first === undefined) throw unknownPod(pods, given);
  const several = new Set(found.map(({ identity }) => identity.namespace));
  if (several.size > 1) {
    throw new UsageError(`there is a pod "${given}" in several namespaces`, {
      hint: `name one with -n: ${[...several].join(', ')}`,
    });
  }
  return found.at(-1) ?? first;
}

function unknownPod(pods: readonly LoggedPod[], given: string): UsageError {
  const names = pods.map(({ shortName }) => shortName);
  const near = nearest(given, names);
  const known = pods.length === 0 ? 'no pod runs here' : `pods: ${[...new Set(names)].join(', ')}`;
  return new UsageError(`there is no pod "${given}"`, {
    hint: near === undefined ? known : `did you mean ${near}? ${known}`,
  });
}
