import type { Container } from '../../kube/types.ts';
import { annotations } from '../../runtime/labels.ts';
import type { ObservedContainer } from '../../runtime/runtime.ts';
import { containerHash } from '../containers/container-hash.ts';
import type { DesiredPod } from '../desired.ts';
import type { StopContainer } from './actions.ts';
import type { PodFacts } from './facts.ts';
import { newest } from './instance.ts';
import { stopOf } from './plan-teardown.ts';

/**
 * Stops running containers that have to be replaced: those whose liveness or startup probe failed (with the probe's own
 * grace period if it has one), those of another definition or name, and all but the newest of a name.
 */
export function planKills(
  { pod }: DesiredPod,
  inSandbox: readonly ObservedContainer[],
  facts: PodFacts,
): StopContainer[] {
  const specs = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  return inSandbox.flatMap((seen) => {
    if (seen.state === 'unknown') return [stopOf(seen, 'the runtime does not know its state')];
    if (seen.state !== 'running') return [];
    const spec = specs.find(({ name }) => name === seen.name);
    if (spec === undefined) return [stopOf(seen, 'the manifest has no such container')];
    if (newest(inSandbox, seen.name)?.id !== seen.id) return [stopOf(seen, 'a newer one is there')];
    const hash = seen.annotations[annotations.containerHash];
    if (hash !== undefined && hash !== containerHash(spec)) return [stopOf(seen, 'its definition has changed')];
    return probeKill(spec, seen, facts);
  });
}

function probeKill(spec: Container, seen: ObservedContainer, facts: PodFacts): StopContainer[] {
  const results = facts.probes(seen.id);
  const detail = results?.message === undefined ? '' : `: ${results.message}`;
  if (results?.startup === 'failure') {
    return [stopOf(seen, `it did not start${detail}`, spec.startupProbe?.terminationGracePeriodSeconds)];
  }
  if (results?.liveness === 'failure') {
    return [stopOf(seen, `it does not live${detail}`, spec.livenessProbe?.terminationGracePeriodSeconds)];
  }
  return [];
}
