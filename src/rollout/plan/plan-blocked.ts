import { componentNames } from '../../health/manifest-files.ts';
import type { Pod } from '../../kube/types.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { Blocked } from '../types.ts';
import type { RolloutFacts } from './plan.ts';
import { blockedFlags } from './unchangeable.ts';
import { blockedVersions, imageVersion, type VersionStep } from './version-skew.ts';

/** What the cluster has been built with: what runs, else what is on disk, else the last good revision. */
export function presentPod(component: ComponentName, { running, onDisk, lastGood }: RolloutFacts): Pod | undefined {
  const disk = onDisk.get(component);
  return (
    running?.components.get(component)?.pod ??
    (disk?.state === 'there' ? disk.pod : undefined) ??
    lastGood?.pods.get(component)
  );
}

/** What of the new configuration a living cluster does not allow, one entry per field. */
export function blockedOf(facts: RolloutFacts): readonly Blocked[] {
  const flags = componentNames.flatMap((component): readonly Blocked[] => {
    const present = facts.lastGood?.pods.get(component) ?? presentPod(component, facts);
    const next = facts.rendered.get(component)?.pod;
    return present === undefined || next === undefined ? [] : blockedFlags(component, present, next);
  });
  const versions = blockedVersions(versionSteps(facts));
  const all = [...flags, ...otherEtcd(facts), ...otherNode(facts), ...versions];
  return all.filter(({ field }, index) => all.findIndex((other) => other.field === field) === index);
}

/** From which version to which each component goes, where its image tells. */
export function versionSteps(facts: RolloutFacts): readonly VersionStep[] {
  const versionOf = (pod: Pod | undefined) => (pod === undefined ? undefined : imageVersion(pod));
  return componentNames.flatMap((component): readonly VersionStep[] => {
    const from = versionOf(presentPod(component, facts));
    const to = versionOf(facts.rendered.get(component)?.pod);
    if (from === undefined || to === undefined || from === to) return [];
    const [good, written] = [facts.lastGood?.pods, facts.lastWritten].map((pods) => versionOf(pods?.get(component)));
    // What a failed change has left goes back to where it came from.
    return good === to && written === from && good !== written ? [] : [{ component, from, to }];
  });
}

function otherEtcd(facts: RolloutFacts): readonly Blocked[] {
  const [present, next] = [presentPod('etcd', facts) !== undefined, facts.rendered.has('etcd')];
  const plane = presentPod('kube-apiserver', facts) !== undefined;
  if (present === next || !plane || (facts.onDisk.get('etcd')?.state ?? 'absent') === 'invalid') return [];
  // With an API server here but no etcd, a deleted manifest looks alike; the data tells no more than the revision does.
  if (next && facts.pki.former?.cluster.etcd.external === undefined) return [];
  const [from, to] = next ? ['external', 'local'] : ['local', 'external'];
  const because = 'the data does not move along: the cluster would start empty, or with another one’s objects';
  return [{ field: 'etcd', from, to, because }];
}

function otherNode({ running, config }: RolloutFacts): readonly Blocked[] {
  const { name } = config.init.nodeRegistration;
  if (running === undefined || running.nodeName === '' || running.nodeName === name) return [];
  const because = 'the node is known by it; a node gets another name by reset and init';
  return [{ field: 'nodeRegistration.name', from: running.nodeName, to: name, because }];
}
