import type { DesiredPod } from '../../src/agent/desired.ts';
import { agentAnnotations } from '../../src/agent/labels.ts';
import type { Container } from '../../src/kube/types.ts';
import { annotations } from '../../src/runtime/labels.ts';
import type { ObservedContainer } from '../../src/runtime/runtime.ts';
import { definitions } from './plan-cases.ts';
import type { PlanWorld } from './plan-world.ts';

/**
 * Running containers that nothing is wrong with, by rules written down apart from the planner's: in the one sandbox that
 * stands and fits, the newest of their name, as the manifest defines them, not failed by a probe, not begun to be
 * stopped, no rule that restarts all, and something of the pod still to be done.
 */
export function healthyContainers(world: PlanWorld, desired: DesiredPod | undefined): ReadonlySet<string> {
  if (desired === undefined) return new Set();
  const { pod, uid, hash } = desired;
  const isOwn = (thing: Pick<ObservedContainer, 'pod' | 'annotations'>) =>
    thing.pod.uid === uid && thing.annotations[annotations.configHash] === hash;
  const own = [...world.containers.values()].filter(isOwn);
  const standing = [...world.sandboxes.values()].filter((sandbox) => isOwn(sandbox) && sandbox.ready);
  const [sandbox] = standing;
  const fits = sandbox?.hostNetwork === pod.spec.hostNetwork && (sandbox?.hostNetwork || sandbox?.ips.length === 1);
  const facts = world.facts(desired);
  if (sandbox === undefined || standing.length > 1 || !fits || facts.over !== undefined) return new Set();
  const dueMs = (facts.podStartMs ?? 0) + (pod.spec.activeDeadlineSeconds ?? Infinity) * 1000;
  if (dueMs <= world.nowMs) return new Set();
  const inIt = own.filter(({ sandboxId }) => sandboxId === sandbox.id);
  const specs = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const rounds = inIt.map(
    (seen) => roundOf(seen) + (!world.memory.restart.has(seen.id) && beginsRound(specs, seen) ? 1 : 0),
  );
  const lowestRound = Math.max(...rounds);
  const busy = pod.spec.containers.some(({ name }) =>
    inIt.some((seen) => seen.name === name && seen.state === 'running'),
  );
  const healthy = inIt.filter((seen) => {
    const spec = specs.find(({ name }) => name === seen.name);
    const results = world.probes.get(seen.id);
    const failed = results?.startup === 'failure' || results?.liveness === 'failure';
    const isRight = spec !== undefined && seen.annotations[annotations.containerHash] === definitions.get(spec.name);
    const isMain = pod.spec.containers.some(({ name }) => name === seen.name);
    return (
      seen.state === 'running' &&
      newestOf(inIt, seen) &&
      isRight &&
      !failed &&
      !world.stopping.has(seen.id) &&
      roundOf(seen) === lowestRound &&
      (isMain || busy)
    );
  });
  return new Set(healthy.map(({ id }) => id));
}

function newestOf(all: readonly ObservedContainer[], seen: ObservedContainer): boolean {
  return !all.some((other) => other.name === seen.name && other.attempt > seen.attempt);
}

function roundOf(seen: ObservedContainer): number {
  return Number(seen.annotations[agentAnnotations.round] ?? 0);
}

function beginsRound(specs: readonly Container[], { name, state, exitCode = -1 }: ObservedContainer): boolean {
  if (state !== 'exited') return false;
  const rules = specs.find((spec) => spec.name === name)?.restartPolicyRules ?? [];
  const matching = rules.find(({ exitCodes }) =>
    exitCodes?.operator === 'In' ? exitCodes.values?.includes(exitCode) : !exitCodes?.values?.includes(exitCode),
  );
  return matching?.action === 'RestartAllContainers';
}
