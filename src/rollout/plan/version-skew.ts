import type { Pod } from '../../kube/types.ts';
import { parseVersion, type Version } from '../../kube/version.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { Blocked, RolloutPlan } from '../types.ts';

export type VersionStep = {
  readonly component: ComponentName;
  readonly from: string;
  readonly to: string;
};

/** The version that a pod's image tag tells; undefined when the tag is none (`latest`, a digest, a tag of one's own). */
export function imageVersion(pod: Pod): string | undefined {
  return taggedVersion(pod.spec.containers[0]?.image);
}

/** A tag has `_` where a version has its one `+` (kube/version.ts, versionImageTag). */
function taggedVersion(image = ''): string | undefined {
  const version = /:([^:/@]+)(?:@.*)?$/.exec(image)?.[1]?.replace('_', '+');
  return version !== undefined && parseVersion(version) !== undefined ? version : undefined;
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

/** What comes with a new minor version although nothing forbids it. */
export function versionNotes(steps: readonly VersionStep[]): readonly string[] {
  const notes = steps.flatMap(({ component, from, to }) => {
    const [old, next] = [parseVersion(from), parseVersion(to)];
    if (old === undefined || next === undefined || next.minor <= old.minor) return [];
    const what = component === 'etcd' ? 'etcd' : 'Kubernetes';
    const meanwhile = what === 'etcd' ? 'once it has run for some seconds' : 'once the change is good';
    return [`${what} goes up a minor version: ${meanwhile}, the way back is the snapshot of etcd that is taken before`];
  });
  return [...new Set(notes)];
}

const followers: readonly ComponentName[] = ['kube-controller-manager', 'kube-scheduler'];

/**
 * What a part of a change of version would break: the controller manager and the scheduler may be a minor version older
 * than the API server that they ask, never newer (version skew policy of Kubernetes). `only` is the part.
 */
export function blockedSkew({ components }: Pick<RolloutPlan, 'components'>, only: ComponentName): readonly Blocked[] {
  const versions = (name: ComponentName) => {
    const image = components
      .find(({ component }) => component === name)
      ?.changes.find((change) => change.what === 'image');
    return { from: parseVersion(taggedVersion(image?.from) ?? ''), to: parseVersion(taggedVersion(image?.to) ?? '') };
  };
  const server = versions('kube-apiserver').from;
  const { from, to } = versions(only);
  if (!followers.includes(only) || server === undefined || from === undefined || to === undefined) return [];
  if (to.minor <= server.minor) return [];
  const text = (version: Version) => `v${version.major}.${version.minor}.${version.patch}`;
  const because = `it may not be newer than kube-apiserver, which stays at ${text(server)}; change kube-apiserver first`;
  return [{ field: `${only} version`, from: text(from), to: text(to), because }];
}
