import type { Pod } from '../kube/types.ts';
import { parseVersion, type Version } from '../kube/version.ts';
import type { ComponentName } from '../manifests/component.ts';
import type { Blocked } from './types.ts';

export type VersionStep = {
  readonly component: ComponentName;
  readonly from: string;
  readonly to: string;
};

/** The version that a pod's image tag tells; undefined when the tag is none (`latest`, a digest, a tag of one's own). */
export function imageVersion(pod: Pod): string | undefined {
  const tag = /:([^:/@]+)(?:@.*)?$/.exec(pod.spec.containers[0]?.image ?? '')?.[1];
  return tag !== undefined && parseVersion(tag) !== undefined ? tag : undefined;
}

/**
 * Which changes of version a living cluster does not survive (kubeadm upgrade policy; version skew policy of Kubernetes):
 * patches go both ways, a minor goes up by one, never down. One entry for all Kubernetes components.
 */
export function blockedVersions(steps: readonly VersionStep[]): readonly Blocked[] {
  const blocked = steps.flatMap(({ component, from, to }): readonly Blocked[] => {
    const because = whyNot(parseVersion(from), parseVersion(to), component);
    const field = component === 'etcd' ? 'etcd.local.imageTag' : 'kubernetesVersion';
    return because === undefined ? [] : [{ field, from, to, because }];
  });
  return blocked.filter(({ field }, index) => blocked.findIndex((other) => other.field === field) === index);
}

function whyNot(from: Version | undefined, to: Version | undefined, component: ComponentName): string | undefined {
  if (from === undefined || to === undefined) return undefined;
  if (from.major !== to.major) return 'another major version is another system';
  const minors = to.minor - from.minor;
  const what = component === 'etcd' ? 'etcd' : 'Kubernetes';
  if (minors < 0) {
    const reason =
      component === 'etcd'
        ? 'what the newer wrote into its data directory the older cannot read'
        : 'objects are stored in forms that the older does not know';
    return `${what} never goes down a minor version: ${reason}; restore a snapshot into a new cluster instead`;
  }
  if (minors <= 1) return undefined;
  const next = `${from.major}.${from.minor + 1}`;
  return `${what} goes up one minor version at a time; change to ${next} first`;
}
