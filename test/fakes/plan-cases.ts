import { containerHash } from '../../src/agent/containers/container-hash.ts';
import type { DesiredPod } from '../../src/agent/desired.ts';
import { agentAnnotations } from '../../src/agent/labels.ts';
import type { Container, PodSpec } from '../../src/kube/types.ts';
import { annotations } from '../../src/runtime/labels.ts';
import type { ObservedContainer, ObservedSandbox } from '../../src/runtime/runtime.ts';
import { aContainer, aDesired, anObserved, aProbe, aSandbox, startMs } from './agent-builders.ts';
import type { Random } from './random.ts';

/** The names that containers have in random pods, in the order of a pod's lists. */
export const initNames = ['init1', 'side1', 'init2', 'side2'] as const;
export const mainNames = ['app', 'second'] as const;

/** The container hash of each; all have the same image. */
export const definitions: ReadonlyMap<string, string> = new Map(
  [...initNames, ...mainNames, 'stranger'].map((name) => [name, containerHash(aContainer({ name }))]),
);

/** What a random pod may be called by: the same UID with another hash is another form of it. */
const identities: readonly [Identity, ...Identity[]] = [
  ['uid1', 'hash1'],
  ['uid1', 'hash0'],
  ['uid0', 'hash0'],
  ['uid2', 'hash2'],
];
type RuleAction = NonNullable<Container['restartPolicyRules']>[number]['action'];
type Identity = readonly [uid: string, hash: string];

/** Pods of any policies, rules and probes, one for each identity; mostly the first. The same hash is the same content. */
export function randomSource(random: Random): () => DesiredPod {
  const forms = new Map<Identity, DesiredPod>();
  return () => {
    const identity = random.chance(0.7) ? identities[0] : random.oneOf(...identities);
    const form = forms.get(identity) ?? randomDesired(random, identity);
    forms.set(identity, form);
    return form;
  };
}

function randomDesired(random: Random, [uid, hash]: Identity): DesiredPod {
  const initContainers = initNames.filter(() => random.chance(0.4)).map((name) => randomContainer(random, name));
  const mains = mainNames.slice(0, 1 + random.below(2)).map((name) => randomContainer(random, name));
  const spec: Partial<PodSpec> = {
    initContainers,
    containers: mains,
    restartPolicy: random.oneOf('Always', 'Always', 'OnFailure', 'Never'),
    hostNetwork: random.chance(0.7),
    ...(random.chance(0.15) ? { activeDeadlineSeconds: 5 + random.below(120) } : {}),
  };
  return aDesired(spec, { uid, hash });
}

function randomContainer(random: Random, name: string): Container {
  const isSidecar = name.startsWith('side');
  const canBeProbed = isSidecar || !name.startsWith('init');
  const action = random.oneOf<RuleAction>('Restart', 'RestartAllContainers');
  const exitCodes = random.oneOf(
    { operator: 'In' as const, values: [42] },
    { operator: 'NotIn' as const, values: [0, 1] },
  );
  const rules = random.chance(0.2) ? { restartPolicyRules: [{ action, exitCodes }] } : {};
  const policy = isSidecar ? 'Always' : random.oneOf('OnFailure', 'Never', ...(canBeProbed ? ['Always' as const] : []));
  return aContainer({
    name,
    ...rules,
    ...(isSidecar || random.chance(0.25) || 'restartPolicyRules' in rules ? { restartPolicy: policy } : {}),
    ...(canBeProbed && random.chance(0.3) ? { startupProbe: aProbe({ terminationGracePeriodSeconds: 7 }) } : {}),
    ...(canBeProbed && random.chance(0.3) ? { livenessProbe: aProbe() } : {}),
  });
}

/** Sandboxes and containers in any state, left by nobody knows whom: of this pod, of other forms of it, of other UIDs. */
export function randomRemains(random: Random): {
  readonly sandboxes: readonly ObservedSandbox[];
  readonly containers: readonly ObservedContainer[];
} {
  const sandboxes: ObservedSandbox[] = [];
  const containers: ObservedContainer[] = [];
  for (const [uid, hash] of identities) {
    if (random.chance(0.6)) continue;
    const pod = { name: 'web-node1', namespace: 'default', uid };
    const noted = { [annotations.configHash]: hash };
    const count = random.below(3);
    for (let attempt = 0; attempt < count; attempt++) {
      const id = `${uid}-${hash}-${attempt}`;
      const hostNetwork = random.chance(0.8);
      const ips = hostNetwork || random.chance(0.2) ? [] : ['10.88.0.2'];
      // The record of a sandbox may be gone while its containers are there.
      if (random.chance(0.95)) {
        sandboxes.push(aSandbox({ id, pod, attempt, ready: random.chance(0.6), annotations: noted, hostNetwork, ips }));
      }
      const hasRounds = random.chance(0.15);
      for (const name of [...initNames, ...mainNames, 'stranger']) {
        const runs = random.below(3);
        for (let number = 0; number < runs; number++) {
          const about = { name, attempt: number + attempt * 3, hash, round: hasRounds ? number : 0 };
          containers.push({ ...randomContainerSeen(random, about), id: `${id}-${name}-${number}`, pod, sandboxId: id });
        }
      }
    }
  }
  return { sandboxes, containers };
}

function randomContainerSeen(
  random: Random,
  about: { readonly name: string; readonly attempt: number; readonly hash: string; readonly round: number },
): ObservedContainer {
  const { name, attempt, hash, round } = about;
  const seen = anObserved({
    name,
    attempt,
    annotations: {
      [annotations.containerHash]: random.chance(0.95) ? (definitions.get(name) ?? '') : 'other',
      [annotations.configHash]: hash,
      [annotations.podTerminationGracePeriod]: '30',
      [agentAnnotations.crashes]: String(random.below(8)),
      [agentAnnotations.stopOrder]: String(stopOrderOf(name)),
      [agentAnnotations.round]: String(round),
    },
  });
  const state = random.oneOf('running', 'running', 'running', 'exited', 'exited', 'exited', 'created', 'unknown');
  if (state !== 'exited') return { ...seen, state };
  return {
    ...seen,
    state,
    exitCode: random.oneOf(0, 1, 42, 137),
    finishedAtMs: startMs + 60_000 - random.below(1_000_000),
  };
}

/** By what the kubelet does: mains and init containers first, sidecars in reverse order after them. */
export function stopOrderOf(name: string): number {
  return name.startsWith('side') ? initNames.length - (initNames as readonly string[]).indexOf(name) : 0;
}
