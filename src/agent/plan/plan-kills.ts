import type { Container, Pod } from '../../kube/types.ts';
import { annotations } from '../../runtime/labels.ts';
import type { ObservedContainer } from '../../runtime/runtime.ts';
import { containerHash } from '../containers/container-hash.ts';
import type { StopContainer } from './actions.ts';
import type { PodFacts, RestartAfterStop } from './facts.ts';
import { newest } from './instance.ts';
import { stopOf } from './plan-teardown.ts';
import { isSidecar, restartsAfterStop } from './restart-policy.ts';
import { beganRound, type Rounds, specOf } from './rounds.ts';

/**
 * Stops running containers that have to be replaced: those whose stop was begun before, those of another definition or
 * name, all but the newest of a name, and those whose liveness or startup probe failed, with the probe's own grace period
 * if it has one.
 */
export function planKills(pod: Pod, { current, stale }: Rounds, facts: PodFacts): StopContainer[] {
  return [
    ...planRestartAll(pod, { current, stale, facts }),
    ...current.flatMap((seen) => killOf(pod, seen, current, facts)),
  ];
}

function killOf(
  pod: Pod,
  seen: ObservedContainer,
  inSandbox: readonly ObservedContainer[],
  facts: PodFacts,
): StopContainer[] {
  const spec = specOf(pod, seen.name);
  const restart = (how: RestartAfterStop) =>
    spec !== undefined && restartsAfterStop(pod, spec) ? { restart: how } : {};
  if (seen.state === 'unknown') return [stopOf(seen, 'the runtime does not know its state', restart('back-off'))];
  if (seen.state !== 'running') return [];
  if (facts.stopping?.(seen.id) === true) {
    const why = facts.stopReason?.(seen.id) ?? 'its stop was begun before';
    return [stopOf(seen, why, { restart: facts.restartAfterStop?.(seen.id) })];
  }
  if (spec === undefined) return [stopOf(seen, 'the manifest has no such container')];
  if (newest(inSandbox, seen.name)?.id !== seen.id) return [stopOf(seen, 'a newer one is there')];
  if (isChanged(pod, spec, seen)) return [stopOf(seen, 'its definition has changed', { restart: 'at-once' })];
  return probeKill(spec, seen, { facts, ...restart('back-off') });
}

/** An ordinary init container that runs is left to its end (kuberuntime computeInitContainerActions). */
function isChanged(pod: Pod, spec: Container, seen: ObservedContainer): boolean {
  if (pod.spec.initContainers?.includes(spec) === true && !isSidecar(spec)) return false;
  const hash = seen.annotations[annotations.containerHash];
  return hash !== undefined && hash !== containerHash(spec);
}

function probeKill(
  spec: Container,
  seen: ObservedContainer,
  { facts, restart }: { readonly facts: PodFacts; readonly restart?: RestartAfterStop },
): StopContainer[] {
  const results = facts.probes(seen.id);
  const kill = (kind: 'Startup' | 'Liveness', probe: Container['livenessProbe']) => {
    // The message may be another probe's.
    const told =
      results?.message?.startsWith(kind) === true ? results.message : `its ${kind.toLowerCase()} probe failed`;
    return [stopOf(seen, told, { graceSeconds: probe?.terminationGracePeriodSeconds, restart })];
  };
  if (results?.startup === 'failure') return kill('Startup', spec.startupProbe);
  if (results?.liveness === 'failure') return kill('Liveness', spec.livenessProbe);
  return [];
}

/** Without grace, as the kubelet: the rule asks for a fresh start, not for an orderly end. */
function planRestartAll(
  pod: Pod,
  { current, stale, facts }: Pick<Rounds, 'current' | 'stale'> & { readonly facts: PodFacts },
): StopContainer[] {
  const cause = [...stale, ...current].findLast((seen) => beganRound(pod, seen, facts));
  const why = cause === undefined ? '' : `: ${cause.name} exited with code ${cause.exitCode ?? 'unknown'}`;
  return stale
    .filter(({ state }) => state === 'running' || state === 'unknown')
    .map((seen) => stopOf(seen, `all containers of the pod are restarted${why}`, { graceSeconds: 0 }));
}
