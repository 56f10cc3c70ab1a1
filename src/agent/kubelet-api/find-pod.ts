import type { Pod } from '../../kube/types.ts';
import type { SeenPod } from '../status/agent-status.ts';

/** The pods of this node, and what the API server knows them by. */
export type PodsView = {
  /** By `namespace/name`. */
  readonly seen: (key: string) => SeenPod;
  /** The UID of the mirror pod of `namespace/name`, undefined when there is none. */
  readonly mirrorUid: (key: string) => string | undefined;
};

export type PodName = {
  readonly namespace: string;
  readonly name: string;
  /** Of the pod or its mirror; any when absent. */
  readonly uid?: string | undefined;
};

/**
 * The pod that a path means. While an older instance of it is still there it is the desired one, unless the UID says the
 * other. A path has the mirror's UID where a client took it from the API server: containers know only the static pod's.
 */
export function findPod({ seen, mirrorUid }: PodsView, { namespace, name, uid }: PodName): Pod | undefined {
  const key = `${namespace}/${name}`;
  const { pod, older } = seen(key);
  const both = [pod, older].flatMap((found) => found?.pod ?? []);
  if (uid === undefined || uid === mirrorUid(key)) return both[0];
  return both.find(({ metadata }) => metadata.uid === uid);
}
